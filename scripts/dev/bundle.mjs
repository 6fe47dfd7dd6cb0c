// How everything of ours is bundled by esbuild: one ESM file from one entry, with a source map beside it.
import fs from "node:fs";
import path from "node:path";
import { build } from "esbuild";

const root = path.resolve(import.meta.dirname, "../..");

// fastify, pino and ws are CommonJS: inside an ESM bundle they still call require for Node's modules.
const banner = [
  'import { createRequire as __createRequire } from "node:module";',
  "const require = __createRequire(import.meta.url);",
].join("\n");

/** zod brings its messages in some fifty languages, a fifth of a bundle; we speak one. */
const englishOnly = {
  name: "zod-in-english",
  setup(bundle) {
    bundle.onResolve({ filter: /\/locales\/index\.js$/ }, ({ path: file, importer, resolveDir }) =>
      /[\\/]zod[\\/]/.test(importer)
        ? { path: "locales", namespace: "zod-in-english", pluginData: path.dirname(path.resolve(resolveDir, file)) }
        : undefined,
    );
    bundle.onLoad({ filter: /.*/, namespace: "zod-in-english" }, ({ pluginData }) => ({
      contents: 'export { default as en } from "./en.js";',
      resolveDir: pluginData,
    }));
  },
};

/** Fastify asks for its own compilers only where it is given none (packages/http/src/server/app.ts): 380 KiB less. */
const withoutFastifyCompilers = {
  name: "without-fastify-compilers",
  setup(bundle) {
    bundle.onResolve({ filter: /^@fastify\/(ajv-compiler|fast-json-stringify-compiler)$/ }, ({ path: name }) => ({
      path: name,
      namespace: "left-out",
    }));
    bundle.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path: name }) => ({
      contents: `module.exports = () => { throw new Error("${name} is not in this bundle"); };`,
    }));
  },
};

/**
 * Bundles `source` into `outfile`. Names stay whole, so that a stack can be read without the map; white space does not,
 * since Node reads and keeps the text of a module. `nodePaths`: where packages are looked for besides their own place. `isPlain`: as
 * any app of Fastify would be, with its compilers.
 */
export const bundle = (source, outfile, { nodePaths = [], isPlain = false } = {}) =>
  build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "none",
    banner: { js: banner },
    external: ["@photostructure/sqlite", "node:sqlite"],
    plugins: isPlain ? [englishOnly] : [englishOnly, withoutFastifyCompilers],
    nodePaths,
    logLevel: "warning",
  });

/** Bundles a script or a style sheet of a page: one file, small, for the browsers of the last two years. */
export const bundleForBrowser = (source, outfile) =>
  build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: "browser",
    format: "esm",
    target: ["chrome120", "firefox121", "safari17.4"],
    minify: true,
    legalComments: "none",
    logLevel: "warning",
  });

/**
 * Readability sets `innerHTML` in its copy of the page, which Mozilla's linter warns of. A parser does the same and
 * runs nothing, whatever the page holds.
 */
const withoutInnerHtml = {
  name: "readability-without-inner-html",
  setup(bundle) {
    bundle.onLoad({ filter: /[\\/]readability[\\/]Readability\.js$/ }, async ({ path: file }) => {
      const text = await fs.promises.readFile(file, "utf8");
      const setters = /(\w+)\.innerHTML = ([^;]+);/g;
      const found = text.match(setters)?.length;
      if (found !== 2) throw new Error(`Readability sets innerHTML ${found} times, not 2: look at what has changed`);
      return { contents: text.replaceAll(setters, "setHtml($1, $2);") + SET_HTML };
    });
  },
};
const SET_HTML = `
function setHtml(element, html) {
  element.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
}
`;

/** A script of the Firefox extension as bytes: it runs at once, in a scope of its own. */
export const bundleForExtension = async (source) => {
  const { outputFiles } = await build({
    entryPoints: [source],
    // Names of files stand in the script; they must not depend on who builds.
    absWorkingDir: root,
    write: false,
    bundle: true,
    platform: "browser",
    format: "iife",
    target: "firefox140",
    // Whoever reviews an extension reads it: names and lines stay.
    charset: "utf8",
    legalComments: "inline",
    plugins: [englishOnly, withoutInnerHtml],
    logLevel: "warning",
  });
  return outputFiles[0].contents;
};

/** Bundles and runs a module of ours and returns its exports: for builds, since Node 20 reads no TypeScript. */
export const evaluate = async (source) => {
  const { outputFiles } = await build({
    entryPoints: [source],
    write: false,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "warning",
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
};

// How everything of ours is bundled by esbuild: one ESM file from one entry, with a source map beside it.
import path from "node:path";
import { build } from "esbuild";

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

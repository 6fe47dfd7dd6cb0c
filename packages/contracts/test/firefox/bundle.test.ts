import path from "node:path";
import { build, type Metafile } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";

const PACKAGE = path.resolve(import.meta.dirname, "../..");
/** Measured: 40 KiB. With the whole of zod it would be 300. */
const MINIFIED_BYTES_MAX = 48 * 1024;

describe("@baa/contracts/firefox alone, bundled for a browser", () => {
  let text = "";
  let shipped: string[] = [];

  beforeAll(async () => {
    const { outputFiles, metafile } = await build({
      stdin: { contents: 'export * from "@baa/contracts/firefox";', resolveDir: import.meta.dirname },
      bundle: true,
      write: false,
      minify: true,
      metafile: true,
      format: "esm",
      platform: "browser",
      target: "firefox140",
    });
    text = outputFiles[0]?.text ?? "";
    shipped = inputsOf(metafile);
  });

  it("needs nothing of Node's, and of ours only the bridge and the close codes", () => {
    const ours = shipped.filter((file) => !file.includes("/node_modules/"));
    const others = ours.filter((file) => !file.startsWith(path.join(PACKAGE, "src/firefox/")));
    expect(others).toEqual([path.join(PACKAGE, "src/close-codes.ts")]);
  });

  it("carries zod/mini, and nothing of the classic zod or its languages", () => {
    const zod = shipped.filter((file) => file.includes("/node_modules/")).map((file) => file.replace(/^.*\/zod\//, ""));
    expect(zod).toContain("v4/mini/schemas.js");
    expect(zod.filter((file) => /classic|locales/.test(file))).toEqual([]);
    expect(zod.filter((file) => !/^v4\/(?:core|mini)\//.test(file))).toEqual([]);
  });

  it("is small", () => {
    expect(Buffer.byteLength(text)).toBeLessThan(MINIFIED_BYTES_MAX);
  });
});

/** Absolute paths of the files of which something is in the bundle. */
const inputsOf = ({ outputs }: Metafile): string[] =>
  Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs)
      .filter(([file, { bytesInOutput }]) => bytesInOutput > 0 && file !== "<stdin>")
      .map(([file]) => path.resolve(file)),
  );

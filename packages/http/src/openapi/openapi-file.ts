import fs from "node:fs";

/**
 * The OpenAPI document of a daemon, made at build time and put beside its bundle; from the source it is the one in
 * docs/reference. `from`: the `import.meta.url` of a file of the app's `src`.
 */
export const readOpenApiFile = (from: string, service: string): unknown => {
  for (const candidate of ["./openapi.json", `../../../docs/reference/openapi/${service}.json`]) {
    const file = new URL(candidate, from);
    if (fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, "utf8")) as unknown;
  }
  throw new Error(`openapi.json is missing beside the built code; build ${service} again`);
};

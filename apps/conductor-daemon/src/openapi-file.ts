import fs from "node:fs";

/** The OpenAPI document, made at build time and put beside the bundle; read when it is asked for. */
export const readOpenApi = (): unknown => {
  for (const candidate of ["./openapi.json", "../../../docs/reference/openapi/conductor.json"]) {
    const file = new URL(candidate, import.meta.url);
    if (fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, "utf8")) as unknown;
  }
  throw new Error("openapi.json is missing beside the built code; build conductor-daemon again");
};

import { readOpenApiFile } from "@baa/http";

/** Read when it is asked for. */
export const readOpenApi = (): unknown => readOpenApiFile(import.meta.url, "status");

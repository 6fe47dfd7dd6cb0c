// Setup file of the system lane: notes every request that a test sends, whatever client it uses, for check-hits.ts.
import diagnostics from "node:diagnostics_channel";
import fs from "node:fs";
import path from "node:path";
import { HITS_DIR } from "./hits-dir.ts";

fs.mkdirSync(HITS_DIR, { recursive: true });
const file = path.join(HITS_DIR, `${process.pid}.jsonl`);
const note = (method: string, at: string, status: number | undefined): void =>
  fs.appendFileSync(file, `${JSON.stringify({ method, path: at, status })}\n`);

interface NodeFinish {
  readonly request: { readonly method: string; readonly path: string };
  readonly response: { readonly statusCode?: number };
}
diagnostics.subscribe("http.client.response.finish", (message) => {
  const { request, response } = message as NodeFinish;
  note(request.method, request.path, response.statusCode);
});

/** undici's, and that of Node's own fetch. */
diagnostics.subscribe("undici:request:headers", (message) => {
  const { request, response } = message as NodeFinish;
  note(request.method, request.path, response.statusCode);
});

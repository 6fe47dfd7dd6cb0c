import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { type Finding, warn } from "@baa/process";
import * as z from "zod";
import { inheritedEnv } from "../config.ts";
import type { Places } from "./places.ts";

/** It starts a short-lived Codex. */
const TIMEOUT_MS = 60_000;
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

const Report = z.looseObject({
  findings: z.array(
    z.looseObject({
      check: z.string(),
      status: z.enum(["ok", "warn", "fail"]),
      message: z.string(),
      next: z.string().optional(),
    }),
  ),
});

/** What `codexd doctor` of this checkout finds: Codex itself, its home, the event log. Empty when it is not built here. */
export const codexdFindings = async (places: Places, signal: AbortSignal): Promise<Finding[]> => {
  const entry = [places.repo, path.join(places.repo, "releases/current")]
    .map((root) => path.join(root, "apps/codexd/dist/index.js"))
    .find((file) => fs.existsSync(file));
  if (!places.isLocal || entry === undefined) return [];
  const report = await askDoctor(entry, places, signal);
  if (report === undefined) {
    return [warn("codexd doctor", "it did not give a report", `run it by itself: node ${entry} doctor`)];
  }
  return report.findings.map(({ check, status, message, next }) => ({
    check: `codexd: ${check}`,
    status,
    message,
    ...(next === undefined ? {} : { next }),
  }));
};

const askDoctor = (entry: string, places: Places, signal: AbortSignal): Promise<z.infer<typeof Report> | undefined> => {
  const env = inheritedEnv({
    BAA_STATE_DIR: places.state,
    BAA_LOGS_DIR: places.logs,
    BAA_CODEXD_STATE_DIR: places.codexdState,
  });
  const options = { cwd: places.repo, env, signal, timeout: TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX };
  return new Promise((resolve) => {
    // It exits 1 when something failed; the report is what counts.
    execFile(process.execPath, [entry, "doctor", "--json"], options, (_error, stdout) => {
      const parsed = Report.safeParse(tryParse(stdout));
      resolve(parsed.success ? parsed.data : undefined);
    });
  });
};

const tryParse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no report
  }
};

import { CODEXD_ROUTES, type CodexdStatus } from "@baa/contracts";
import { EXIT } from "@baa/process";
import { readConfig } from "../config.ts";
import { type CliContext, printResult } from "./cli-context.ts";
import { connectDaemon, DaemonDownError } from "./daemon.ts";

/** A daemon whose event loop turns answers within milliseconds. */
const ANSWER_MS = 5_000;

/** `codexd status`. Exit 0 = ready, 1 = not ready, 69 = down. */
export const status = async (cli: CliContext): Promise<number> => {
  const config = readConfig();
  try {
    const document = await connectDaemon(config).call(CODEXD_ROUTES.status, { timeoutMs: ANSWER_MS });
    printResult(cli, document, summary(document));
    return document.status === "ready" ? EXIT.ok : EXIT.failed;
  } catch (error) {
    if (!(error instanceof DaemonDownError)) throw error;
    printResult(cli, { status: "down", reason: error.reason, next: error.next }, [error.message]);
    return EXIT.unavailable;
  }
};

const MIB = 1024 * 1024;

/** What a person wants to know first, a line each. */
const summary = (s: CodexdStatus): string[] => {
  const { daemon, child, log, counts = {} } = s;
  const lines = [
    `codexd is ${s.status === "ready" ? "ready" : "not ready"} (guarantees: ${s.guarantees ?? "unknown"})`,
  ];
  for (const { code, message } of reasonsOf(s)) lines.push(`  ${code}: ${message}`);
  if (daemon) lines.push(`daemon   ${daemon.version}, pid ${daemon.pid}, since ${daemon.startedAt}`);
  if (child) {
    const facts = [`generation ${child.generation}`, `${child.restarts} restarts`];
    if (child.pid !== undefined) facts.unshift(`pid ${child.pid}`);
    if (child.version !== undefined) facts.unshift(`codex ${child.version}`);
    lines.push(`child    ${child.state}: ${facts.join(", ")}`);
  }
  if (log) {
    lines.push(
      `log      events ${log.oldestSeq} to ${log.headSeq}, ${Math.ceil(log.bytes / MIB)} MiB, ${daemon?.logId ?? ""}`,
    );
  }
  const counted = Object.entries(counts).map(([name, count]) => `${String(count)} ${wordsOf(name)}`);
  if (counted.length > 0) lines.push(`counts   ${counted.join(", ")}`);
  return lines;
};

const reasonsOf = (s: CodexdStatus): { code: string; message: string }[] =>
  (s as { reasons?: { code: string; message: string }[] }).reasons ?? [];

/** `openTurns` -> `open turns` */
const wordsOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

import os from "node:os";
import path from "node:path";
import { ProblemReply } from "@baa/client";
import type { LogEntry } from "@baa/contracts";
import type { Finding } from "@baa/process";
import { writeFileDurable } from "@baa/storage";
import { inheritedEnv, secretsOfEnv, shownEnv, VERSION } from "../config.ts";
import type { Context } from "../context.ts";
import type { PlaceInputs } from "../discovery/places.ts";
import { findAll } from "../doctor/doctor.ts";
import { localPlaces, type Places } from "../doctor/places.ts";
import type { ExitName } from "../exit-codes.ts";
import { lookAtServices } from "../status/status.ts";
import { logTails } from "./log-tails.ts";
import { Redactor } from "./redactor.ts";

const ENTRIES = 200;

export interface DiagnosticsOptions {
  readonly output?: string;
}

/** `baa diagnostics`: one JSON document for whoever helps, with no secret and nothing of what was said in it. */
export const diagnostics = async (context: Context, o: DiagnosticsOptions): Promise<ExitName> => {
  const inputs = context.places();
  const places = localPlaces(inputs);
  const at = new Date().toISOString();
  const bundle = redactorOf(places).value(await collect(context, inputs, at));
  const text = `${JSON.stringify(bundle, undefined, 2)}\n`;
  if (o.output === "-") {
    await context.out.write(text);
    return "ok";
  }
  const file = path.resolve(context.cwd, o.output ?? `baa-diagnostics-${at.replaceAll(/[:.]/g, "-")}.json`);
  writeFileDurable(file, text);
  await context.out.result({ file, bytes: Buffer.byteLength(text) }, [file]);
  context.out.note("Secrets are taken out, and conversations are not in it. Look at it before you send it.");
  return "ok";
};

const redactorOf = (places: Places): Redactor => {
  const codexHome = inheritedEnv({})["CODEX_HOME"] ?? path.join(os.homedir(), ".codex");
  return new Redactor({
    secretFiles: [places.sharedToken, places.codexdToken, path.join(places.conductorState, "status-token")],
    secretJsonFiles: [path.join(codexHome, "auth.json"), path.join(places.configDir, "hooks.json")],
    values: secretsOfEnv(),
    tokensFile: places.tokens,
  });
};

const collect = async (context: Context, inputs: PlaceInputs, at: string): Promise<unknown> => {
  const places = localPlaces(inputs);
  const findings: Finding[] = [];
  for await (const finding of findAll(context, { codexd: true })) findings.push(finding);
  return {
    format: 1,
    at,
    baa: { version: VERSION, node: process.version, codeRoot: inputs.config.codeRoot },
    machine: machine(),
    environment: shownEnv(),
    runtimeFile: inputs.runtime ?? null,
    doctor: findings,
    services: await lookAtServices(inputs),
    ...(await fromService(context)),
    logFiles: places.isLocal ? logTails(places.logs) : [],
  };
};

const machine = () => ({
  platform: process.platform,
  release: os.release(),
  arch: process.arch,
  cpus: os.cpus().length,
  memoryBytes: { total: os.totalmem(), free: os.freemem() },
  uptimeS: Math.round(os.uptime()),
});

/** What only a running service knows; that there is none stands in `services`. */
const fromService = async (context: Context): Promise<Record<string, unknown>> => {
  try {
    const { codex, conductor } = await context.connect();
    const { signal } = context;
    const [account, usage, sessions, logs] = await Promise.all([
      codex.readAccount({ signal }).then((reply) => withoutPerson(reply.account), faultOf),
      codex.readUsage({ signal }).then((reply) => reply.usage, faultOf),
      codex.listSessions({ query: { limit: 500 }, signal }).then(({ sessions: all }) => counts(all), faultOf),
      conductor
        ?.logs({ query: { order: "newest", limit: ENTRIES, types: "*,!item.*,!codex.notification" }, signal })
        .then((page) => page.entries.map(headOf), faultOf),
    ]);
    return { account, usage, sessions, events: logs ?? null };
  } catch (error) {
    context.signal.throwIfAborted();
    return { unavailable: faultOf(error) };
  }
};

const faultOf = (error: unknown): { error: string } => ({
  error:
    error instanceof ProblemReply
      ? `${error.status} ${error.code}`
      : error instanceof Error
        ? error.message
        : String(error),
});

const withoutPerson = ({
  requiresLogin,
  type,
  planType,
}: {
  requiresLogin: boolean;
  type?: string | undefined;
  planType?: string | undefined;
}) => ({
  requiresLogin,
  type,
  planType,
});

const counts = (sessions: readonly { readonly state: string }[]): Record<string, number> => {
  const found: Record<string, number> = {};
  for (const { state } of sessions) found[state] = (found[state] ?? 0) + 1;
  return found;
};

/** Types whose data are ours alone; those of others hold what people and models said. */
const OWN = /^(?:child|log|codexd|conductor|control|hook|usage)\./;

const headOf = ({ source, seq, at, type, sessionId, turnId, codexRunId, approvalId, data }: LogEntry) => ({
  source,
  seq,
  at,
  type,
  sessionId,
  turnId,
  codexRunId,
  approvalId,
  ...(OWN.test(type) ? { data } : {}),
});

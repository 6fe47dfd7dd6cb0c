import net from "node:net";
import { CODEXD_ROUTES } from "@baa/contracts";
import { findPortHolder } from "@baa/http";
import { fail, type Finding, ok, warn } from "@baa/process";
import type { Config } from "../../config.ts";
import { DaemonClient, DaemonDownError, type FoundDaemon } from "../daemon.ts";

const CONNECT_MS = 2_000;
const ANSWER_MS = 10_000;

/** Lock, running daemon and port: three views of the same, so that each names what the others cannot. */
export const checkDaemon = async (config: Config, found: FoundDaemon): Promise<Finding[]> => [
  lock(config, found),
  await daemon(config, found),
  await port(config, found),
];

const lock = (config: Config, found: FoundDaemon): Finding => {
  const check = "lock";
  if (found.state === "stopped") return ok(check, `${config.stateDir}/lock is free`);
  const { holder } = found;
  if (holder === undefined) {
    const next = "wait a moment and look again; `lsof` on the lock file names the process";
    return warn(check, "it is held by a process that left no name", next);
  }
  return ok(check, `held by pid ${holder.pid} (${holder.command}) since ${holder.since}`, { ...holder });
};

const daemon = async (config: Config, found: FoundDaemon): Promise<Finding> => {
  const check = "daemon";
  if (found.state === "stopped") return ok(check, "codexd does not run");
  const { holder, address } = found;
  if (holder !== undefined && holder.command !== "codexd start")
    return warn(check, `${holder.command} is at work (pid ${holder.pid})`, "wait until it is done");
  try {
    const status = await new DaemonClient(address, config.stateDir).call(CODEXD_ROUTES.status, {
      timeoutMs: ANSWER_MS,
    });
    const details = { address, child: status.child };
    if (status.status === "ready") return ok(check, `ready at ${address}`, details);
    const reasons = (status["reasons"] ?? []) as { code: string; message: string }[];
    const why = reasons.map(({ code, message }) => `${code}: ${message}`).join("; ");
    return fail(check, `at ${address} and not ready: ${why}`, "do what the reasons say", details);
  } catch (error) {
    if (error instanceof DaemonDownError) return fail(check, error.reason, error.next, { address });
    const message = error instanceof Error ? error.message : String(error);
    return fail(check, `at ${address}, and could not be asked: ${message}`, "mend what is named, or restart it", {
      address,
    });
  }
};

const port = async (config: Config, found: FoundDaemon): Promise<Finding> => {
  const check = "port";
  const address = `${config.host}:${config.port}`;
  if (config.port === 0) return ok(check, "any free one is taken");
  if (found.state === "running" && isSame(found.address, config))
    return ok(check, `${address} is where codexd listens`);
  if (!(await isTaken(config))) return ok(check, `${address} is free`);
  const holder = await findPortHolder(config.port);
  const who = holder === undefined ? "another process" : `pid ${holder.pid} (${holder.command})`;
  const next = "end it, or set BAA_CODEXD_LOCAL_API_BASE to another port";
  return fail(check, `${address} is taken by ${who}`, next, { ...holder });
};

const isSame = (address: string, config: Config): boolean => Number(new URL(address).port || 80) === config.port;

/** Somebody accepts connections there. Binding it ourselves would be in the way of a daemon that starts just now. */
const isTaken = (config: Config): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect({ host: config.host, port: config.port, timeout: CONNECT_MS });
    const done = (taken: boolean) => (): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.once("connect", done(true)).once("error", done(false)).once("timeout", done(true));
  });

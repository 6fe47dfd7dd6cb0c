// Before services that do work are stopped: conductor begins nothing new, and what is in progress may end.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { UsageError } from "../../../ops/launchd/lib/services.mjs";
import { loadedTargets } from "./launchd-control.mjs";

/** The reason goes by itself after this, should we never come back for it. */
const TTL_MS = 15 * 60_000;
/** A long wait sets it anew, so that it outlives the restart as well. */
const RENEW_MS = 5 * 60_000;
const TIMEOUT_S_MAX = 14 * 60;
const POLL_MS = 500;
/** How long conductor, which may just be starting, is asked to take the reason back. */
const TAKE_BACK_MS = 20_000;

/** Options of the programs that drain. */
export const DRAIN_OPTIONS = {
  "no-drain": { type: "boolean", default: false },
  "drain-timeout": { type: "string", default: "60" },
};

const timeoutOf = (values) => {
  const seconds = Number(values["drain-timeout"]);
  if (!(seconds >= 0 && seconds <= TIMEOUT_S_MAX))
    throw new UsageError(`--drain-timeout is a number of seconds from 0 to ${TIMEOUT_S_MAX}`);
  return seconds * 1000;
};

const isWanted = (services, values) => !values["no-drain"] && services.some(({ doesWork }) => doesWork);

/** What a dry run shows: the calls around the commands. */
export const drainLines = ({ drainUrl, resumeUrl }, services, values, commands) => {
  const timeoutMs = timeoutOf(values);
  if (!isWanted(services, values)) return commands;
  const id = "restart:<uuid>";
  return [
    `POST ${drainUrl} ${JSON.stringify({ id, ttlMs: TTL_MS })}`,
    `# wait until nothing is in progress, at most ${timeoutMs / 1000} s`,
    ...commands,
    `POST ${resumeUrl} ${JSON.stringify({ id })}`,
  ];
};

/** Only what is loaded can have work in progress. */
const mayHaveWork = async (services) => {
  const working = services.filter(({ doesWork }) => doesWork);
  return (await Promise.all(working.map(loadedTargets))).some((targets) => targets.length > 0);
};

const NOTHING = { report: undefined, takeBack: async () => undefined };

/**
 * Sets a reason and waits until conductor is idle, the time is over, or a signal came. A conductor that does not
 * take part is said to `say`, and no fault. Returns `{report, takeBack}`: `takeBack()` must be called on every path;
 * the second call does nothing. Throws UsageError.
 */
export const startDrain = async (control, services, values, { signals, say }) => {
  const timeoutMs = timeoutOf(values);
  if (!isWanted(services, values) || !(await mayHaveWork(services))) return NOTHING;
  const drain = new Drain({ control, timeoutMs, signals, say });
  await drain.run();
  return { report: drain.report, takeBack: () => drain.takeBack() };
};

/** One reason of ours in conductor's control, from setting it to taking it back. */
class Drain {
  #o;
  #id = `restart:${randomUUID()}`;
  #setAt = 0;
  #expiresAt;
  /** Whether conductor may hold the reason. */
  #isHeld = false;
  report;

  constructor(o) {
    this.#o = o;
    this.report = { reason: this.#id, set: false, idle: false, waitedMs: 0, takenBack: false };
  }

  async run() {
    const { timeoutMs, signals, say } = this.#o;
    const began = performance.now();
    const waited = () => Math.round(performance.now() - began);
    let result = await this.#set();
    this.report.set = result.ok;
    if (!result.ok) {
      this.report.why = result.why;
      return say(`conductor ${result.why}: going on without draining`);
    }
    if (!result.control.idle) say(`${shown(result.control)}: waiting for at most ${timeoutMs / 1000} s`);
    while (result.ok && !result.control.idle && waited() < timeoutMs && !signals.isInterrupted()) {
      await sleep(POLL_MS, undefined, { signal: signals.ended }).catch(() => undefined); // a signal ends the wait
      result = performance.now() - this.#setAt > RENEW_MS ? await this.#set() : await this.#o.control.read();
    }
    this.report.waitedMs = waited();
    this.report.idle = result.ok && result.control.idle;
    if (!result.ok) say(`conductor ${result.why}: going on`);
    else if (!result.control.idle && !signals.isInterrupted())
      say(`${shown(result.control)} after ${timeoutMs / 1000} s: going on all the same`);
  }

  /** Takes the reason back, if conductor may hold it. Never throws. */
  async takeBack() {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    const deadline = performance.now() + TAKE_BACK_MS;
    let result = await this.#o.control.resume(this.#id);
    while (!result.ok && performance.now() < deadline) {
      await sleep(POLL_MS);
      result = await this.#o.control.resume(this.#id);
    }
    this.report.takenBack = result.ok;
    if (!result.ok)
      this.#o.say(
        `conductor ${result.why}: the reason ${this.#id} against new work ends by itself at ${this.#expiresAt}`,
      );
  }

  async #set() {
    this.#setAt = performance.now();
    this.#expiresAt = new Date(Date.now() + TTL_MS).toISOString();
    const result = await this.#o.control.drain(this.#id, TTL_MS, "set by scripts/runtime");
    if (!result.isUndone) this.#isHeld = true;
    return result;
  }
}

const shown = ({ openTurns }) => `work is in progress (${openTurns} ${openTurns === 1 ? "turn" : "turns"})`;

import type { ChildProcess } from "node:child_process";
import os from "node:os";
import type { Definition, KeepAlive } from "./definition.ts";
import { type JobUser, spawnJob } from "./spawn-job.ts";

/** What a job needs of the launchd around it. */
export interface JobContext {
  readonly user: JobUser;
  /** launchd's seconds as milliseconds of the test. */
  toMs(seconds: number): number;
  /** Seconds between the end of the process and the label being free. */
  readonly settleSeconds: number;
  /** launchd's word for why it does not start this job by itself, if it does not. */
  pendedReason(label: string): string | undefined;
  log(label: string, line: string): void;
}

/** How a process ended; `exitCode` 78 also when it could not be started at all. */
export interface Ending {
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

export type JobState = "running" | "not running" | "spawn scheduled" | "SIGTERMed";

const EX_CONFIG: Ending = { exitCode: 78, signal: undefined };
const CRASHES = new Set(["SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGSEGV", "SIGSYS", "SIGQUIT"]);

/** Whether KeepAlive starts the job again after this ending; its conditions are ORed. */
export function isKeptAlive(keepAlive: KeepAlive, { exitCode, signal }: Ending): boolean {
  if (typeof keepAlive === "boolean") return keepAlive;
  const { successfulExit, crashed } = keepAlive;
  const bySuccess = successfulExit !== undefined && successfulExit === (exitCode === 0);
  const byCrash = crashed !== undefined && crashed === (signal !== undefined && CRASHES.has(signal));
  return bySuccess || byCrash;
}

/** One loaded job: its process, its restarts, and its end. */
export class Job {
  readonly definition: Definition;
  readonly #context: JobContext;
  #child: ChildProcess | undefined;
  #state: JobState = "not running";
  #lastSpawn = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  #removal: (() => void) | undefined;
  #isRestarting = false;
  #onEnded: (() => void)[] = [];
  runs = 0;
  reason = "";
  /** Why a start by RunAtLoad or KeepAlive is held back; a kickstart starts it all the same. */
  pended: string | undefined;
  lastEnding: Ending | undefined;
  /** How long the throttle has put off its starts, all together. */
  throttledMs = 0;

  constructor(definition: Definition, context: JobContext) {
    this.definition = definition;
    this.#context = context;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get state(): JobState {
    return this.#state;
  }

  get isRemoving(): boolean {
    return this.#removal !== undefined;
  }

  /** RunAtLoad and KeepAlive: a start that nobody asked for just now, which launchd may hold back. */
  startByItself(reason: string): void {
    this.pended = this.#context.pendedReason(this.definition.label);
    if (this.pended === undefined) this.start(reason);
  }

  /** Starts the process, at once or when the throttle allows it. */
  start(reason: string): void {
    if (this.#child !== undefined || this.#timer !== undefined || this.isRemoving) return;
    this.reason = reason;
    this.pended = undefined;
    const wait = this.#lastSpawn + this.#context.toMs(this.definition.throttleInterval) - performance.now();
    if (wait <= 0) return this.#spawn();
    this.#state = "spawn scheduled";
    this.throttledMs += wait;
    const seconds = Math.ceil(wait / this.#context.toMs(1));
    this.#log(`Service only ran for 0 seconds. Pushing respawn out by ${seconds} seconds.`);
    this.#later(wait);
  }

  /** `kickstart -k`: TERM, KILL after the exit timeout, and a new process. Resolves when the old one is gone. */
  async restart(): Promise<void> {
    if (this.#child === undefined) return this.start("kickstart");
    this.#isRestarting = true;
    this.#terminate();
    await this.ended();
  }

  /** Takes the job away: TERM, KILL after the exit timeout, then `onGone` when the label is free. */
  remove(onGone: () => void): void {
    if (this.isRemoving) return;
    this.#removal = onGone;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#child === undefined) this.#settle();
    else this.#terminate();
  }

  /** A signal to the process only; false when there is none. */
  signal(signal: NodeJS.Signals): boolean {
    return this.#child?.kill(signal) ?? false;
  }

  /** Power off: the whole group, now, and nothing after it. */
  async destroy(): Promise<void> {
    this.#removal = () => undefined;
    clearTimeout(this.#killTimer);
    const ended = this.ended();
    this.#killGroup();
    await ended;
    clearTimeout(this.#timer);
  }

  /** Resolves when there is no process. */
  ended(): Promise<void> {
    if (this.#child === undefined) return Promise.resolve();
    return new Promise((resolve) => this.#onEnded.push(resolve));
  }

  #spawn(): void {
    this.runs += 1;
    this.#lastSpawn = performance.now();
    const child = spawnJob(this.definition, this.#context.user);
    if (child?.pid === undefined) return this.#onExit(EX_CONFIG);
    this.#child = child;
    this.#state = "running";
    this.#log(`Successfully spawned ${this.definition.label}[${child.pid}] because ${this.reason}`);
    child.once("exit", (exitCode, signal) =>
      this.#onExit({ exitCode: exitCode ?? undefined, signal: signal ?? undefined }),
    );
  }

  #onExit(ending: Ending): void {
    const { abandonsGroup, keepAlive } = this.definition;
    if (!abandonsGroup) this.#killGroup();
    clearTimeout(this.#killTimer);
    this.#child = undefined;
    this.#state = "not running";
    this.lastEnding = ending;
    for (const resolve of this.#onEnded.splice(0)) resolve();
    if (this.isRemoving) return this.#settle();
    const isRestarting = this.#isRestarting;
    this.#isRestarting = false;
    if (isRestarting) this.start("kickstart");
    else if (isKeptAlive(keepAlive, ending)) this.startByItself("inefficient");
    // A job that could not be started waits for its next chance, whatever it says about staying alive.
    else if (ending === EX_CONFIG) this.#state = "spawn scheduled";
  }

  #terminate(): void {
    this.#state = "SIGTERMed";
    this.signal("SIGTERM");
    const { exitTimeOut } = this.definition;
    if (exitTimeOut === 0) return;
    this.#log(`scheduling cleanup in ${exitTimeOut} sec`);
    this.#killTimer = setTimeout(() => {
      this.#log(`Service did not exit ${exitTimeOut} seconds after SIGTERM. Sending SIGKILL.`);
      this.signal("SIGKILL");
    }, this.#context.toMs(exitTimeOut));
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#spawn();
    }, ms);
  }

  #settle(): void {
    this.#timer = setTimeout(() => this.#removal?.(), this.#context.toMs(this.#context.settleSeconds));
  }

  #killGroup(): void {
    if (this.#child?.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // The group is empty already.
    }
  }

  #log(line: string): void {
    this.#context.log(this.definition.label, line);
  }
}

/** The raw status that `launchctl list` shows: an exit code in the second byte, a signal in the first. */
export function waitStatus({ exitCode, signal }: Ending): number {
  return signal === undefined ? (exitCode ?? 0) << 8 : os.constants.signals[signal];
}

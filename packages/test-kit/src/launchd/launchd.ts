import fs from "node:fs";
import path from "node:path";
import { Code } from "./codes.ts";
import { type Definition, readDefinition } from "./definition.ts";
import { DisabledStore } from "./disabled-store.ts";
import { Job } from "./job.ts";

/** How the pretended Mac is. */
export interface LaunchdOptions {
  /** Keeps what survives a reboot, and the log. */
  readonly stateDir: string;
  /** Where login looks for agents (default: <home>/Library/LaunchAgents). */
  readonly agentsDir?: string;
  readonly home: string;
  readonly userName?: string;
  /** The uid that the domains carry; files are still owned by the real one. */
  readonly uid?: number;
  /** Default: gui/<uid>, user/<uid>. Without a GUI login there is no gui/<uid>. */
  readonly domains?: readonly string[];
  /** Root sees launchd's own codes; everybody else sees 5 (default: false). */
  readonly isRoot?: boolean;
  readonly macosMajor?: number;
  /** Milliseconds that one second of launchd takes (default: 1000). */
  readonly secondMs?: number;
  /** Seconds from the end of the process until its label is free (default: 0.2). */
  readonly settleSeconds?: number;
}

/** Faults that can be switched on while it runs. */
export interface Faults {
  /** The next N bootstraps fail with 5 and load nothing. */
  transientBootstraps: number;
  /** Every bootstrap fails with 5. */
  bootstrapFails: boolean;
  /** Labels whose starts by RunAtLoad and KeepAlive are held back for ever, and launchd's word for it. */
  pended: Map<string, string>;
  /** print gives lines that no release has given so far, or nothing that can be read. */
  print: "plain" | "noisy" | "garbage";
  /** What bootout of a running job returns; 36 before macOS 12. */
  bootoutCode: number;
}

/** launchd as the scripts see it: domains, loaded jobs, overrides. Really runs the jobs. */
export class Launchd {
  readonly options: Required<LaunchdOptions>;
  readonly faults: Faults = {
    transientBootstraps: 0,
    bootstrapFails: false,
    pended: new Map(),
    print: "plain",
    bootoutCode: Code.ok,
  };
  readonly #jobs = new Map<string, Job>();
  #isOn = true;

  constructor(options: LaunchdOptions) {
    const uid = options.uid ?? 501;
    this.options = {
      agentsDir: path.join(options.home, "Library/LaunchAgents"),
      userName: "operator",
      uid,
      domains: [`gui/${uid}`, `user/${uid}`],
      isRoot: false,
      macosMajor: 26,
      secondMs: 1000,
      settleSeconds: 0.2,
      ...options,
    };
    fs.mkdirSync(options.stateDir, { recursive: true });
  }

  get user(): { name: string; home: string; tmpDir: string } {
    return { name: this.options.userName, home: this.options.home, tmpDir: this.options.stateDir };
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  hasDomain(domain: string): boolean {
    return this.options.domains.includes(domain);
  }

  find(domain: string, label: string): Job | undefined {
    return this.#jobs.get(`${domain}/${label}`);
  }

  jobsOf(domain: string): Job[] {
    return [...this.#jobs].filter(([target]) => target.startsWith(`${domain}/`)).map(([, job]) => job);
  }

  /** One per user, so that what one domain disables is disabled in the other. */
  overrides(domain: string): DisabledStore {
    const owner = domain.split("/")[1] ?? "system";
    return new DisabledStore(path.join(this.options.stateDir, `disabled.${owner}.json`));
  }

  /** Loads a plist; returns launchd's own code. */
  bootstrap(domain: string, file: string): number {
    if (!this.hasDomain(domain)) return Code.unsupported;
    if (this.#takesFault()) return Code.io;
    const definition = readDefinition(file, { session: sessionOf(domain), macosMajor: this.options.macosMajor });
    if (typeof definition === "number") return definition;
    const { label, isDisabledByKey } = definition;
    if (this.overrides(domain).isDisabled(label, isDisabledByKey)) return Code.disabled;
    if (this.find(domain, label) !== undefined) return Code.already;
    this.#load(domain, definition);
    return Code.ok;
  }

  /** Begins to unload; the label stays taken until the process has ended. */
  bootout(domain: string, label: string): number {
    const job = this.find(domain, label);
    if (job === undefined) return Code.noProcess;
    const code = job.pid === undefined ? Code.ok : this.faults.bootoutCode;
    this.log(label, `Bootout of ${label} initiated`);
    job.remove(() => this.#jobs.delete(`${domain}/${label}`));
    return code;
  }

  /** Everything ends as on a shutdown, or at once; then the user logs in again and agents are loaded. */
  async reboot({ powerCut = false } = {}): Promise<void> {
    await this.shutdown({ powerCut });
    this.#isOn = true;
    const [domain = "system"] = this.options.domains;
    const names = fs.existsSync(this.options.agentsDir) ? fs.readdirSync(this.options.agentsDir) : [];
    for (const name of names.toSorted())
      if (name.endsWith(".plist")) this.bootstrap(domain, path.join(this.options.agentsDir, name));
  }

  /** Nothing of it runs when this resolves. */
  async shutdown({ powerCut = true } = {}): Promise<void> {
    this.#isOn = false;
    const jobs = [...this.#jobs.values()];
    if (!powerCut) {
      for (const job of jobs) job.remove(() => undefined);
      await Promise.all(jobs.map((job) => job.ended()));
    }
    await Promise.all(jobs.map((job) => job.destroy()));
    this.#jobs.clear();
  }

  log(label: string, line: string): void {
    const text = `${new Date().toISOString()} (${label}) <Notice>: ${line}\n`;
    fs.appendFileSync(path.join(this.options.stateDir, "launchd.log"), text);
  }

  #takesFault(): boolean {
    if (this.faults.bootstrapFails) return true;
    if (this.faults.transientBootstraps === 0) return false;
    this.faults.transientBootstraps -= 1;
    return true;
  }

  #load(domain: string, definition: Definition): void {
    const { secondMs, settleSeconds } = this.options;
    const job = new Job(definition, {
      user: this.user,
      settleSeconds,
      toMs: (seconds) => seconds * secondMs,
      pendedReason: (label) => this.faults.pended.get(label),
      log: (label, line) => this.log(label, line),
    });
    this.#jobs.set(`${domain}/${definition.label}`, job);
    if (definition.runAtLoad) job.startByItself("speculative");
  }
}

const sessionOf = (domain: string): string => {
  if (domain === "system") return "System";
  return domain.startsWith("gui/") ? "Aqua" : "Background";
};

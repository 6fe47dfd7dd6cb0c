import { fail, type Finding, ok, warn } from "@baa/process";
import type { ServiceLook } from "../status/look.ts";
import { type Looks, stateWords } from "../status/verdict.ts";

const NAMES = { conductor: "conductor", codexd: "codexd", statusApi: "status-api" } as const;
type Name = keyof typeof NAMES;

export interface ServiceFindingsOptions {
  /** Of this baa. */
  readonly version: string;
  /** What to do when a service does not run. */
  readonly startHint: (service: (typeof NAMES)[Name]) => string;
  /** Who holds the port of an address, as far as it can be told. */
  readonly holderOf: (address: string) => Promise<string | undefined>;
}

/** Whether every service answers, is ready, and is of one version. */
export const serviceFindings = async (looks: Looks, o: ServiceFindingsOptions): Promise<Finding[]> => {
  const names = (Object.keys(NAMES) as Name[]).filter((name) => looks[name] !== undefined);
  const found = await Promise.all(names.map((name) => serviceFinding(name, looks[name] as ServiceLook, o)));
  return [...found.flat(), ...versionFindings(looks, o.version)];
};

const serviceFinding = async (name: Name, look: ServiceLook, o: ServiceFindingsOptions): Promise<Finding[]> => {
  const check = NAMES[name];
  const { address, state, reasons } = look;
  switch (state) {
    case "ready":
      return [ok(check, `ready at ${address}`)];
    case "standby":
      return [
        warn(
          check,
          `a standby at ${address}: it serves nothing while another one leads`,
          "ask the one that leads: --api URL",
        ),
      ];
    case "denied":
      return [
        fail(
          check,
          `up at ${address}, and it does not take our token: ${reasons.join("; ")}`,
          "name the file with its token: --token-file PATH",
        ),
      ];
    case "notReady":
      return reasons.map((reason) => fail(check, `not ready at ${address}: ${reason}`, nextFor(reason)));
    case "down":
      return [await downFinding(name, look, o)];
  }
};

/** Without the page everything else goes on. */
const downFinding = async (name: Name, look: ServiceLook, o: ServiceFindingsOptions): Promise<Finding> => {
  const { address, reasons } = look;
  const holder = await o.holderOf(address);
  const by = holder === undefined ? "" : `; its port is held by ${holder}`;
  const next = holder === undefined ? o.startHint(NAMES[name]) : "end that process, or give the service another port";
  const message = `${stateWords(look)} at ${address}: ${reasons.join("; ")}${by}`;
  return name === "statusApi" ? warn(NAMES[name], message, next) : fail(NAMES[name], message, next);
};

/** The code stands before the colon. */
const NEXT: Readonly<Record<string, string>> = {
  login_required: "log Codex in: baa login",
  storage_full: "free some space; it goes on by itself",
  storage_damaged: "do what the message says, then restart it",
  starting: "wait a moment and look again",
  stopping: "start it again once it has ended",
  standby: "ask the one that leads",
};

const nextFor = (reason: string): string =>
  NEXT[reason.split(":")[0] ?? ""] ?? "see its log: baa logs, or logs/launchd";

const versionFindings = (looks: Looks, own: string): Finding[] => {
  const versions = (Object.keys(NAMES) as Name[]).flatMap((name) => {
    const version = looks[name]?.version;
    return version === undefined ? [] : [{ name: NAMES[name], version }];
  });
  const others = versions.filter(({ version }) => version !== own);
  if (versions.length === 0) return [];
  if (others.length === 0) return [ok("versions", `all are ${own}`)];
  const words = others.map(({ name, version }) => `${name} is ${version}`).join(", ");
  return [
    warn("versions", `this baa is ${own}, ${words}`, "use the baa of the release that runs, or restart the services"),
  ];
};

import fs from "node:fs";
import path from "node:path";
import { type CallResult, Code, done, errorText, failed } from "./codes.ts";
import { readDefinition } from "./definition.ts";
import type { Job } from "./job.ts";
import type { Launchd } from "./launchd.ts";
import { printDomain, printList, printListed, printService } from "./print.ts";

interface Target {
  readonly domain: string;
  readonly label: string;
}

type Verb = (launchd: Launchd, words: readonly string[], cwd: string) => CallResult | Promise<CallResult>;

const RICHER = "Try re-running the command as root for richer errors.\n";

const usage = (text = ""): CallResult => failed(Code.usage, `${text}Usage: launchctl <subcommand> ...\n`);

/** Codes that everybody sees as they are; all others are 5 unless one is root. */
const PLAIN = new Set<number>([Code.disabled, Code.unsupported, Code.noDomain]);

const bootstrap: Verb = (launchd, words, cwd) => {
  const [domain, ...files] = words;
  if (domain === undefined || files.length === 0 || words.some((word) => word.startsWith("-"))) return usage();
  for (const file of files) {
    const code = launchd.bootstrap(domain, path.resolve(cwd, file));
    if (code === Code.ok) continue;
    const isOpaque = !launchd.options.isRoot && !PLAIN.has(code);
    const shown = isOpaque ? Code.io : code;
    const which = shown === Code.disabled ? `${file}: ${errorText(shown)}\n` : "";
    const hint = isOpaque ? RICHER : "";
    return failed(shown, `${which}Bootstrap failed: ${shown}: ${errorText(shown)}\n${hint}`);
  }
  return done();
};

/** `<domain>/<label>`, or undefined for what is none. */
const parseTarget = (text: string | undefined): Target | undefined => {
  const found = /^(system|(?:gui|user)\/\d+)\/([^/]+)$/.exec(text ?? "");
  return found === null ? undefined : { domain: found[1] ?? "", label: found[2] ?? "" };
};

const UNRECOGNIZED =
  "Unrecognized target specifier. <service-target> takes a form of <domain-target>/<service-id>.\nPlease refer to `man launchctl` for explanation of the <domain-target> specifiers.\n";

const bootout: Verb = (launchd, words, cwd) => {
  if (words.some((word) => word.startsWith("-"))) return usage(); // also --wait, which no release documents
  const target = words.length === 2 ? targetOfFile(launchd, words, cwd) : parseTarget(words[0]);
  if (target === undefined) return usage(UNRECOGNIZED);
  const code = launchd.bootout(target.domain, target.label);
  return code === Code.ok ? done() : failed(code, `Boot-out failed: ${code}: ${errorText(code)}\n`);
};

const targetOfFile = (launchd: Launchd, words: readonly string[], cwd: string): Target | undefined => {
  const [domain = "", file = ""] = words;
  const { macosMajor } = launchd.options;
  const definition = readDefinition(path.resolve(cwd, file), { session: "System", macosMajor });
  return typeof definition === "number" ? undefined : { domain, label: definition.label };
};

const domainText = (domain: string): string => {
  const [kind = "", uid] = domain.split("/");
  if (kind === "gui") return `domain for user gui: ${uid}`;
  return kind === "user" ? `domain for uid: ${uid}` : "domain for system";
};

const notFound = (launchd: Launchd, { domain, label }: Target, intro = ""): CallResult =>
  launchd.hasDomain(domain)
    ? failed(Code.noService, `${intro}Could not find service "${label}" in ${domainText(domain)}\n`)
    : failed(Code.noDomain, `${intro}Could not find ${domainText(domain)}\n`);

const kickstart: Verb = async (launchd, words) => {
  const flags = words.filter((word) => word.startsWith("-"));
  const target = parseTarget(words.find((word) => !word.startsWith("-")));
  if (flags.some((flag) => !/^-[kp]+$/.test(flag)) || target === undefined) return usage(UNRECOGNIZED);
  if (!launchd.hasDomain(target.domain))
    return failed(Code.unsupported, `Kickstart failed: 125: ${errorText(Code.unsupported)}\n`);
  const job = launchd.find(target.domain, target.label);
  if (job === undefined) return notFound(launchd, target);
  const has = (letter: string): boolean => flags.some((flag) => flag.includes(letter));
  if (has("k")) await job.restart();
  else if (job.pid !== undefined) return failed(Code.already);
  else job.start("kickstart");
  return done(has("p") && job.pid !== undefined ? `${job.pid}\n` : "");
};

const print: Verb = (launchd, [word = ""]) => {
  const { faults } = launchd;
  if (/^(system|(gui|user)\/\d+)$/.test(word)) {
    if (launchd.hasDomain(word)) return done(printDomain(word, launchd.jobsOf(word)));
    return failed(Code.noDomain, `Bad request.\nCould not find ${domainText(word)}\n`);
  }
  const target = parseTarget(word);
  if (target === undefined) return usage(UNRECOGNIZED);
  const job = launchd.find(target.domain, target.label);
  if (job === undefined) return notFound(launchd, target, "Bad request.\n");
  if (faults.print === "garbage") return done("\u0001?? not for machines ??\n");
  const text = printService(target.domain, job, launchd.user);
  return done(faults.print === "noisy" ? text.replace("\tstate = ", "\tnew line of a new release\n\tstate = ") : text);
};

const setOverride =
  (state: "enabled" | "disabled"): Verb =>
  (launchd, [word]) => {
    const target = parseTarget(word);
    if (target === undefined) return usage(UNRECOGNIZED);
    launchd.overrides(target.domain).set(target.label, state);
    return done();
  };

const loginDomain = (launchd: Launchd): string => launchd.options.domains[0] ?? "";

const list: Verb = (launchd, [label]) => {
  const domain = loginDomain(launchd);
  if (label === undefined) return done(printList(launchd.jobsOf(domain)));
  const job = launchd.find(domain, label);
  if (job === undefined) return failed(Code.noService, `Could not find service "${label}" in domain for port\n`);
  return done(printListed(job));
};

const ofJob = (launchd: Launchd, word: string | undefined, act: (job: Job) => CallResult): CallResult => {
  const target = parseTarget(word);
  if (target === undefined) return usage(UNRECOGNIZED);
  const job = launchd.find(target.domain, target.label);
  return job === undefined ? notFound(launchd, target) : act(job);
};

const kill: Verb = (launchd, [signal = "", word]) =>
  ofJob(launchd, word, (job) => {
    const name = `SIG${signal.replace(/^SIG/, "")}` as NodeJS.Signals;
    return job.signal(name) ? done() : failed(Code.noProcess, `Could not kill: ${errorText(Code.noProcess)}\n`);
  });

const VERBS: Readonly<Record<string, Verb>> = {
  bootstrap,
  bootout,
  kickstart,
  print,
  list,
  kill,
  enable: setOverride("enabled"),
  disable: setOverride("disabled"),
  blame: (launchd, [word]) => ofJob(launchd, word, (job) => done(`${job.reason || "(not running)"}\n`)),
  "print-disabled": (launchd, [domain = ""]) =>
    launchd.hasDomain(domain)
      ? done(launchd.overrides(domain).toString())
      : failed(Code.noDomain, `Could not find ${domainText(domain)}\n`),
  managername: (launchd) => done(loginDomain(launchd).startsWith("gui/") ? "Aqua\n" : "Background\n"),
  manageruid: (launchd) => done(`${launchd.options.uid}\n`),
  error: (_launchd, [code = ""]) => done(`${code}: ${errorText(Number(code))}\n`),
  version: () => done("Darwin Bootstrapper Control Interface Version 7.0.0 (double)\n"),
};

/** One call of launchctl. */
export function launchctl(launchd: Launchd, words: readonly string[], cwd: string): CallResult | Promise<CallResult> {
  const [name = "", ...rest] = words;
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined || !launchd.isOn) return usage(`Unrecognized subcommand: ${name}\n`);
  return verb(launchd, rest, fs.realpathSync(cwd));
}

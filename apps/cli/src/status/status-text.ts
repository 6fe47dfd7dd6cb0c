import type { CodexdStatus, Runtime } from "@baa/contracts";
import { safeText } from "../output/safe-text.ts";
import type { Style } from "../output/style.ts";
import { tableLines } from "../output/table.ts";
import { ago } from "../output/time.ts";
import type { ServiceLook } from "./look.ts";
import { type Health, type Looks, stateWords } from "./verdict.ts";

interface Look {
  readonly style: Style;
  readonly now: number;
}

const COLOURS = { healthy: "good", degraded: "warn", down: "bad" } as const;
const MIB = 1024 * 1024;

/** What a person wants to know first: how it is, then a line a service, then what is not well. */
export const statusLines = (
  verdict: { readonly status: Health; readonly problems: readonly string[] },
  looks: Looks,
  look: Look,
): string[] => {
  const { style } = look;
  const row = (name: string, seen: ServiceLook | undefined, facts: readonly (string | undefined)[]): string[][] =>
    seen === undefined
      ? []
      : [[name, colouredState(seen, style), seen.address, safeText(facts.filter(Boolean).join(", "))]];
  const { runtime, control } = looks.conductor ?? {};
  const { codexd } = looks.codexd ?? {};
  return [
    style.bold(style[COLOURS[verdict.status]](verdict.status)),
    "",
    ...tableLines([
      ...row("conductor", looks.conductor, [version(looks.conductor), ...conductorFacts(runtime, look)]),
      ...row("codexd", looks.codexd, [version(looks.codexd), ...codexdFacts(codexd, look)]),
      ...row("status-api", looks.statusApi, []),
    ]),
    ...(control === undefined || control.mode === "running"
      ? []
      : [
          "",
          `${style.warn(control.mode)}: ${control.reasons.map(({ id, by, note }) => safeText(`${id} by ${by}${note ? ` (${note})` : ""}`)).join(", ")}`,
        ]),
    ...countLines(runtime, codexd, look),
    ...(verdict.problems.length === 0
      ? []
      : ["", ...verdict.problems.map((problem) => `${style.warn("!")} ${safeText(problem)}`)]),
  ];
};

const colouredState = (seen: ServiceLook, style: Style): string => {
  const words = stateWords(seen);
  if (seen.state === "ready") return style.good(words);
  return seen.state === "down" || seen.state === "notReady" ? style.bad(words) : style.warn(words);
};

const version = (seen: ServiceLook | undefined): string | undefined => seen?.version && `version ${seen.version}`;

const conductorFacts = (runtime: Runtime | undefined, { now }: Look): (string | undefined)[] => [
  runtime?.role,
  runtime?.mode,
  runtime?.startedAt && `started ${ago(runtime.startedAt, now)}`,
];

const codexdFacts = (codexd: CodexdStatus | undefined, { now }: Look): (string | undefined)[] => {
  const { daemon, child, log } = codexd ?? {};
  return [
    daemon && `started ${ago(daemon.startedAt, now)}`,
    child && `child ${child.state}${child.version === undefined ? "" : ` (codex ${child.version})`}`,
    child && child.restarts > 0 ? `${child.restarts} restarts of it` : undefined,
    log && `log ${Math.ceil(log.bytes / MIB)} MiB`,
  ];
};

/** conductor's counts, else codexd's own. */
const countLines = (runtime: Runtime | undefined, codexd: CodexdStatus | undefined, { style }: Look): string[] => {
  const counts: Readonly<Record<string, unknown>> = { ...codexd?.counts, ...runtime?.counts };
  const shown = Object.entries(counts)
    .filter((entry): entry is [string, number] => typeof entry[1] === "number")
    .map(([name, count]) => `${count} ${wordsOf(name)}`);
  return shown.length === 0 ? [] : ["", `${style.dim("now")} ${shown.join(", ")}`];
};

/** `openTurns` -> `open turns` */
const wordsOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

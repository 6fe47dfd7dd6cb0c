import type { CodexdService, ConductorService, Freshness, Status } from "@baa/contracts";

import { withLocalTimes } from "../text/format.ts";

/** How a thing is doing; decides its colour and its word. */
export type Tone = "good" | "busy" | "warn" | "bad" | "quiet";

/** What the page knows of `/v1/status`: the last document, when it came, and since when none has come any more. */
export interface StatusReading {
  readonly status: Status | undefined;
  /** Page time in milliseconds. */
  readonly receivedAtMs: number;
  readonly failure: { readonly message: string; readonly sinceMs: number } | undefined;
}

export interface Fact {
  readonly name: string;
  readonly value: string;
}

export interface HealthCard {
  readonly id: "conductor" | "codexd" | "child" | "control";
  readonly title: string;
  readonly tone: Tone;
  /** One or two words. */
  readonly state: string;
  /** Start of the present state, if it is known. */
  readonly since?: string | undefined;
  /** What is wrong, and why. */
  readonly trouble: readonly string[];
  readonly facts: readonly Fact[];
  /** Age of what is shown, in milliseconds; 0 = as of now. Above 0 the source does not answer. */
  readonly staleMs: number;
  readonly staleReason: string;
}

/** The line at the top: how all of it is. */
export const headline = ({ status, failure }: StatusReading): { tone: Tone; text: string } => {
  if (failure) return { tone: "bad", text: failure.message };
  if (!status) return { tone: "quiet", text: "Asking …" };
  const tone = { ok: "good", degraded: "warn", down: "bad" } as const;
  return { tone: tone[status.summary.level], text: withLocalTimes(status.summary.text) };
};

/** The four cards; empty before the first document has come. */
export const healthCards = (reading: StatusReading, nowMs: number): HealthCard[] => {
  const { status } = reading;
  if (!status) return [];
  // Once status-api itself is silent, everything grows old from the last document on.
  const silentMs = reading.failure ? nowMs - reading.receivedAtMs : 0;
  const age = (source: string): Pick<HealthCard, "staleMs" | "staleReason"> => {
    const fresh = status.sources[source] as Freshness | undefined;
    const staleMs = fresh?.staleMs ?? 0;
    return {
      staleMs: staleMs > 0 || silentMs > 0 ? staleMs + silentMs : 0,
      staleReason: withLocalTimes(fresh?.staleReason ?? reading.failure?.message ?? ""),
    };
  };
  const { conductor, codexd } = status.services;
  return [
    { ...conductorCard(conductor), ...age(conductor.source) },
    { ...codexdCard(codexd), ...age(codexd.source) },
    { ...childCard(status), ...age(status.child?.source ?? "codex") },
    { ...controlCard(status), ...age(status.control?.source ?? "conductor") },
  ];
};

type Card = Omit<HealthCard, "staleMs" | "staleReason">;
type Service = ConductorService | CodexdService;

/** An address without what is the same for all. */
const bare = (address: string): string => address.replace(/^https?:\/\//, "");

const fact = (name: string, value: string | number | undefined): Fact[] =>
  value === undefined ? [] : [{ name, value: String(value) }];

const serviceState = ({ state, ready }: Service): { tone: Tone; state: string } => {
  if (state === "down") return { tone: "bad", state: "down" };
  if (state === "unknown") return { tone: "quiet", state: "not asked yet" };
  return ready === false ? { tone: "warn", state: "not ready" } : { tone: "good", state: "up" };
};

const troubleOf = ({ state, reason, ready, reasons }: Service): string[] => [
  ...(state === "down" && reason !== undefined ? [reason] : []),
  ...(ready === false ? (reasons ?? []).map(({ message }) => message) : []),
];

const conductorCard = (service: ConductorService): Card => ({
  id: "conductor",
  title: "conductor",
  ...serviceState(service),
  since: service.since,
  trouble: troubleOf(service),
  facts: [
    ...fact("role", service.role),
    ...fact("node", service.node),
    ...fact("version", service.version),
    ...fact("fence", service.fence),
    ...fact("at", bare(service.address)),
    ...(service.listeners ?? [])
      .filter(({ state }) => state === "waiting")
      .flatMap(({ address }) => fact("waits for", bare(address))),
  ],
});

const codexdCard = (service: CodexdService): Card => ({
  id: "codexd",
  title: "codexd",
  ...serviceState(service),
  since: service.since,
  trouble: troubleOf(service),
  facts: [
    ...fact("version", service.version),
    ...fact("guarantees", service.guarantees),
    ...fact("at", bare(service.address)),
  ],
});

const CHILD_TONES: Readonly<Record<string, Tone>> = {
  ready: "good",
  starting: "busy",
  handshaking: "busy",
  backoff: "bad",
  degraded: "bad",
};

const childCard = ({ child, services }: Status): Card => {
  const card = { id: "child", title: "Codex" } as const;
  if (!child) return { ...card, tone: "quiet", state: "unknown", trouble: [], facts: [] };
  const { state, version, protocolVersion, generation, restarts } = child;
  const isGone = services.codexd.state === "down";
  const reason = child["reason"];
  return {
    ...card,
    tone: isGone ? "quiet" : (CHILD_TONES[state] ?? "quiet"),
    state: isGone ? `was ${state}` : state,
    trouble: typeof reason === "string" && state !== "ready" ? [reason] : [],
    facts: [
      ...fact("version", version),
      ...(protocolVersion === version ? [] : fact("built for", protocolVersion)),
      ...fact("generation", generation),
      ...fact("restarts", restarts),
      ...fact("pid", child.pid),
    ],
  };
};

const CONTROL_TONES = { running: "good", paused: "warn", draining: "warn" } as const;

const controlCard = ({ control, services }: Status): Card => {
  const card = { id: "control", title: "Control" } as const;
  if (!control) return { ...card, tone: "quiet", state: "unknown", trouble: [], facts: [] };
  const isGone = services.conductor.state === "down";
  return {
    ...card,
    tone: isGone ? "quiet" : CONTROL_TONES[control.mode],
    state: isGone ? `was ${control.mode}` : control.mode,
    trouble: control.reasons.map(
      ({ mode, by, id, note }) => `${mode} by ${by} (${id})${note === undefined || note === "" ? "" : `: ${note}`}`,
    ),
    facts: fact("work", control.idle ? "nothing in progress" : "in progress"),
  };
};

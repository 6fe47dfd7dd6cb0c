import {
  Codexd,
  codexPlay,
  Conductor,
  createFakeChild,
  type FakeChild,
  RequestTap,
  StatusApi,
  type TappedRequest,
  type TempRoot,
  tempRoot,
} from "@baa/test-kit";
import type { AddressKind } from "./browser/page-attacks.mjs";

type Name = "codexd" | "conductor" | "status-api";

/** One of our servers, and addresses of it where something could be read or done. */
export interface Target {
  readonly name: string;
  readonly port: number;
  readonly token: string;
  readonly addresses: readonly (readonly [AddressKind, string])[];
  /** Every request that it got so far. */
  requests(): readonly TappedRequest[];
}

/** A name by which the operator's network knows conductor and status-api. No loopback to a browser. */
export const OWN_NAME = "mini.example";

/** What each of the servers tells everybody, in the order of `targets()`. */
export const OPEN_ADDRESSES: readonly (readonly string[])[] = [
  ["/healthz", "/readyz", "/v1/codexd/status"],
  ["/healthz", "/readyz", "/rolez", "/v1/runtime"],
  ["/healthz", "/readyz", "/"],
];

/** All servers of ours before a scripted child; what each is asked and answers is written down. */
export class Servers {
  readonly scratch: TempRoot = tempRoot({ prefix: "baa-attacked-" });
  readonly codexd: Codexd;
  readonly conductor: Conductor;
  readonly statusApi: StatusApi;
  readonly #child: FakeChild;
  readonly #taps: Readonly<Record<Name, RequestTap>>;
  #sessionId = "";

  constructor() {
    const tap = (name: Name): RequestTap => new RequestTap(this.scratch.join(`${name}.requests.jsonl`));
    this.#taps = { codexd: tap("codexd"), conductor: tap("conductor"), "status-api": tap("status-api") };
    this.#child = createFakeChild({ dir: this.scratch.join("child"), plays: [codexPlay()] });
    const noProbes = { BAA_CODEXD_PROBE_INTERVAL_MS: "3600000" };
    const names = { BAA_CONDUCTOR_LOCAL_API_ALLOWED_HOSTS: OWN_NAME };
    this.codexd = new Codexd({ child: this.#child, env: { ...noProbes, ...this.#taps.codexd.env } });
    this.conductor = new Conductor({ codexd: this.codexd, env: { ...names, ...this.#taps.conductor.env } });
    const env = { ...names, ...this.#taps["status-api"].env };
    this.statusApi = new StatusApi({ conductor: this.conductor, env });
  }

  async start(): Promise<void> {
    await this.codexd.start();
    await this.conductor.start();
    await this.statusApi.start();
    const created = await this.codexd.request("POST", "/v1/codexd/sessions", {});
    this.#sessionId = (created.json as { session: { id: string } }).session.id;
  }

  async dispose(): Promise<void> {
    await this.statusApi.dispose();
    await this.conductor.dispose();
    await this.codexd.dispose();
    this.scratch.remove();
  }

  /** What a page would have to send to start a turn. */
  get body(): string {
    return JSON.stringify({ sessionId: this.#sessionId, input: "attack" });
  }

  targets(): readonly [Target, Target, Target] {
    const target = (name: Name, daemon: Codexd | Conductor | StatusApi, at: Target["addresses"]): Target => ({
      name,
      port: daemon.port,
      token: daemon.token(),
      addresses: at,
      requests: () => this.#taps[name].requests(),
    });
    return [
      target("codexd", this.codexd, [
        ["read", "/v1/codexd/sessions"],
        ["write", "/v1/codexd/turn"],
        ["remove", `/v1/codexd/sessions/${this.#sessionId}`],
        ["stream", "/v1/codexd/events"],
      ]),
      target("conductor", this.conductor, [
        ["read", "/v1/control"],
        ["write", "/v1/codex/turn"],
        ["remove", `/v1/codex/sessions/${this.#sessionId}`],
        ["stream", "/v1/events"],
        ["stream", "/v1/codex/events"],
        ["bridge", "/ws/firefox"],
      ]),
      target("status-api", this.statusApi, [
        ["read", "/v1/status"],
        ["write", "/v1/sessions"],
        ["remove", `/v1/sessions/${this.#sessionId}`],
        ["stream", "/v1/events"],
      ]),
    ];
  }

  /** conductor's doors for a browser that are open now. */
  async pairings(): Promise<readonly { id: string; triesLeft: number }[]> {
    const { json } = await this.conductor.request("GET", "/v1/firefox/pairings");
    return (json as { pairings: { id: string; triesLeft: number }[] }).pairings;
  }

  /** Opens one while `work` is done: then conductor lets any extension of Firefox's as far as its handshake. */
  async withPairing<T>(work: () => Promise<T>): Promise<T> {
    await this.conductor.request("POST", "/v1/firefox/pairings", {});
    try {
      return await work();
    } finally {
      for (const { id } of await this.pairings()) await this.conductor.request("DELETE", `/v1/firefox/pairings/${id}`);
    }
  }

  /** Everything that an attack could have changed. */
  async fingerprint(): Promise<unknown> {
    const asked = [
      this.codexd.request("GET", "/v1/codexd/events?after=0&limit=5000"),
      this.codexd.request("GET", "/v1/codexd/sessions"),
      this.conductor.request("GET", "/v1/events?after=0&limit=5000"),
      this.conductor.request("GET", "/v1/control"),
    ];
    return {
      stdinBytes: this.#child.stdin().length,
      stored: (await Promise.all(asked)).map(({ text }) => text),
      pids: [this.codexd.pid, this.conductor.pid, this.statusApi.pid],
    };
  }
}

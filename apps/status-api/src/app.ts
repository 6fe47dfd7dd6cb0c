import { SCOPES, type Status, STATUS_OWN_ROUTES } from "@baa/contracts";
import {
  createServer,
  type CredentialSource,
  type HttpServer,
  Listeners,
  type NotReadyReason,
  STATUS_SURFACES,
  STOPPING,
  tokenFile,
  tokenList,
  UpstreamToken,
} from "@baa/http";
import { createLifecycle, type Lifecycle, type Logger, systemClock } from "@baa/process";
import { type Config, VERSION } from "./config.ts";
import { EventPipe } from "./events/event-pipe.ts";
import { createHandlers } from "./http/handlers.ts";
import { createStatusMetrics, type StatusMetrics } from "./metrics.ts";
import { readOpenApi } from "./openapi-file.ts";
import { pageDir, readPageFiles } from "./page/page-files.ts";
import { CodexdSource } from "./sources/codexd.ts";
import { ConductorSource } from "./sources/conductor.ts";
import { statusDocument } from "./status-document.ts";
import { LastKnown } from "./views/last-known.ts";

/** Milliseconds for closing the HTTP face. */
const HTTP_STOP_MS = 5_000;
/** For everything together; below the ExitTimeOut of 30 s in our plists. */
const STOP_BUDGET_MS = 8_000;
/** Milliseconds between askings that nobody waits for: what is shown of a source that died is at most this old. */
const REFRESH_MS = 5_000;

export interface StatusApiOptions {
  readonly config: Config;
  readonly logger: Logger;
}

/** The daemon, assembled. It holds no state of its own and writes nothing anywhere. */
export class StatusApi {
  readonly #o: StatusApiOptions;
  readonly #conductor: ConductorSource;
  readonly #codexd: CodexdSource;
  readonly #events: EventPipe;
  readonly #lastKnown = new LastKnown(systemClock, nowText);
  readonly #metrics: StatusMetrics;
  readonly #listeners: Listeners;
  readonly #lifecycle: Lifecycle;
  #server: HttpServer | undefined;
  #refreshing: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(o: StatusApiOptions) {
    this.#o = o;
    const { config, logger } = o;
    const { conductorUrl: baseUrl, conductorTokenFile: file, codexdUrl } = config;
    const common = { clock: systemClock, now: nowText };
    const token = new UpstreamToken(file);
    this.#conductor = new ConductorSource({ ...common, baseUrl, token, tokenFile: file });
    this.#codexd = new CodexdSource({ ...common, baseUrl: codexdUrl });
    this.#events = new EventPipe({ baseUrl, conductor: this.#conductor, token, tokenFile: file });
    this.#metrics = createStatusMetrics({
      conductor: this.#conductor,
      codexd: this.#codexd,
      openStreams: () => this.#events.openStreams,
    });
    this.#listeners = new Listeners({ name: "status-api", logger });
    this.#lifecycle = createLifecycle({
      logger,
      stopBudgetMs: STOP_BUDGET_MS,
      components: [
        { name: "sources", start: async () => this.#watch(), stop: () => this.#unwatch() },
        { name: "http", start: () => this.#listen(), stop: () => this.#closeHttp() },
      ],
    });
  }

  /** Where it listens, once started. */
  get address(): string {
    return this.#server?.address().url ?? "";
  }

  /** Throws PermissionFault, TokenFileError, AllowedHostError (configuration) or PortBusyError. */
  start(): Promise<void> {
    return this.#lifecycle.start();
  }

  stop(reason: string): Promise<void> {
    this.#isStopping = true;
    return this.#lifecycle.stop(reason);
  }

  #watch(): void {
    const { logger } = this.#o;
    for (const [name, { link }] of Object.entries({ conductor: this.#conductor, codexd: this.#codexd })) {
      link.onChange((state) => {
        logger.info({ event: `${name}.${state.kind}`, ...state }, `${name} is ${state.kind}`);
        this.#refreshSoon(0);
      });
      link.start();
    }
    this.#refreshSoon(0);
  }

  #refreshSoon(ms: number): void {
    clearTimeout(this.#refreshing);
    if (this.#isStopping) return;
    this.#refreshing = setTimeout(() => void this.#refresh().finally(() => this.#refreshSoon(REFRESH_MS)), ms);
  }

  async #refresh(): Promise<void> {
    await Promise.all([this.#conductor.refresh(), this.#codexd.refresh()]);
  }

  async #unwatch(): Promise<void> {
    clearTimeout(this.#refreshing);
    await Promise.all([this.#conductor.stop(), this.#codexd.stop()]);
  }

  async #listen(): Promise<void> {
    const server = this.#createServer();
    this.#server = server;
    await this.#listeners.start(server, this.#o.config.listen);
  }

  async #closeHttp(): Promise<void> {
    await this.#server?.stop(HTTP_STOP_MS);
    await this.#events.close();
  }

  #createServer(): HttpServer {
    const { config, logger } = this.#o;
    return createServer({
      routes: STATUS_OWN_ROUTES,
      handlers: createHandlers({
        conductor: this.#conductor,
        lastKnown: this.#lastKnown,
        reasons: () => this.#reasons(),
        status: () => this.#status(),
        metrics: () => this.#metrics.reply(),
        openapi: readOpenApi,
      }),
      feeds: {},
      forwarding: this.#events,
      files: readPageFiles(pageDir(import.meta.url)),
      guard: {
        surfaces: STATUS_SURFACES,
        allowedHosts: config.allowedHosts,
        credentials: this.#credentials(),
        onReject: (reject) => this.#metrics.refused.inc({ code: reject.code }),
      },
      logger,
      version: VERSION,
      clock: systemClock,
      onServed: (served) => this.#metrics.onServed(served),
    });
  }

  #credentials(): CredentialSource[] {
    const { config, logger } = this.#o;
    const onError = (err: unknown): void =>
      logger.error({ event: "tokens.unreadable", err }, "a token file cannot be read; its tokens are refused");
    return [
      // conductor makes it; it may start after us.
      tokenFile({ path: config.sharedTokenFile, id: "shared", scopes: SCOPES, mayBeMissing: true, onError }),
      tokenList({ path: config.tokensFile, kind: "own", onError }),
    ];
  }

  #reasons(): NotReadyReason[] {
    if (this.#isStopping) return [STOPPING];
    const { state } = this.#conductor.link;
    if (state.kind === "unknown") return [{ code: "starting", message: "conductor has not answered yet." }];
    if (state.kind === "down") return [{ code: "conductor_down", message: `conductor is down: ${state.reason}` }];
    const { refusal } = this.#conductor;
    return refusal === undefined ? [] : [{ code: refusal.code, message: refusal.message }];
  }

  async #status(): Promise<Status> {
    await this.#refresh();
    const { config } = this.#o;
    const { link, runtime, control, codex } = this.#conductor;
    const codexd = this.#codexd;
    return statusDocument({
      at: nowText(),
      version: VERSION,
      controlApiBase: config.controlApiBase,
      conductor: {
        address: config.conductorUrl,
        link: link.state,
        runtime: runtime.value,
        control,
        freshness: runtime.freshness(),
      },
      codex: { status: codex.value, freshness: codex.freshness() },
      codexd: {
        address: config.codexdUrl,
        link: codexd.link.state,
        readyz: codexd.readyz.value,
        freshness: codexd.readyz.freshness(),
      },
    });
  }
}

function nowText(): string {
  return new Date().toISOString();
}

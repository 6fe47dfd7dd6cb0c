import fs from "node:fs";
import path from "node:path";
import type { Status } from "@baa/contracts";
import { createLogger } from "@baa/process";
import { onTestFinished } from "vitest";
import { StatusApi } from "../../src/app.ts";
import type { Config } from "../../src/config.ts";
import { FakeService, sendProblem } from "./fake-service.ts";
import { tempDir } from "./temp-dir.ts";

export const CLIENT_TOKEN = "client-token-0123456789abcdef0123456789";
export const STATUS_TOKEN = "status-token-0123456789abcdef0123456789";

export const CODEXD_STATUS = {
  mode: "app-server",
  status: "ready",
  guarantees: "full",
  daemon: { id: "cxd_1", version: "0.1.0", pid: 7, startedAt: "t0", logId: "log_1" },
  child: { state: "ready", generation: 1, restarts: 0 },
  counts: { sessions: 3, openTurns: 1, pendingApprovals: 0 },
};

export interface TestBed {
  readonly conductor: FakeService;
  readonly codexd: FakeService;
  readonly tokenFile: string;
  readonly statusApi: StatusApi;
  writeStatusToken(token: string): void;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  status(): Promise<Status>;
}

/** status-api in this process, before stand-ins of conductor (that leads) and codexd. */
export async function startBed(o: { hasToken?: boolean; config?: Partial<Config> } = {}): Promise<TestBed> {
  const dir = tempDir();
  const [conductor, codexd] = await Promise.all([new FakeService().start(), new FakeService().start()]);
  const tokenFile = path.join(dir, "status-token");
  const writeStatusToken = (token: string): void => fs.writeFileSync(tokenFile, token, { mode: 0o600 });
  const sharedTokenFile = path.join(dir, "shared-token.txt");
  fs.writeFileSync(sharedTokenFile, CLIENT_TOKEN, { mode: 0o600 });
  if (o.hasToken !== false) writeStatusToken(STATUS_TOKEN);
  leads(conductor);
  codexd.json("/readyz", { status: "ready", reasons: [] });
  const config: Config = {
    listen: [{ host: "127.0.0.1", port: 0 }],
    allowedHosts: [],
    conductorUrl: conductor.url,
    conductorTokenFile: tokenFile,
    codexdUrl: codexd.url,
    controlApiBase: undefined,
    sharedTokenFile,
    tokensFile: path.join(dir, "tokens.json"),
    logLevel: "error",
    ...o.config,
  };
  const logger = createLogger({ name: "status-api", level: "error" });
  const statusApi = new StatusApi({ config, logger });
  onTestFinished(() => statusApi.stop("test"));
  await statusApi.start();
  const get = (at: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${statusApi.address}${at}`, { headers: { authorization: `Bearer ${CLIENT_TOKEN}`, ...headers } });
  const status = async (): Promise<Status> => (await (await get("/v1/status")).json()) as Status;
  return { conductor, codexd, tokenFile, statusApi, writeStatusToken, get, status };
}

/** Answers as a conductor that leads; everything but its open runtime needs the token. */
export function leads(conductor: FakeService, token = STATUS_TOKEN): void {
  const replies: Record<string, unknown> = {
    "/v1/runtime": { name: "conductor", ready: true, role: "leader", mode: "running", version: "0.1.0", reasons: [] },
    "/v1/control": { control: { mode: "running", reasons: [], openTurns: 1, idle: false } },
    "/v1/codex/status": CODEXD_STATUS,
    "/v1/codex/sessions": { sessions: [], nextCursor: null, asOfSeq: 5 },
  };
  for (const [at, body] of Object.entries(replies)) conductor.json(at, body);
  for (const [at, answer] of Object.entries(conductor.answers)) {
    conductor.answers[at] = (request, response) => {
      const { authorization } = request.headers;
      const isOpen = at === "/v1/runtime" && authorization === undefined;
      if (!isOpen && authorization !== `Bearer ${token}`) return sendProblem(response, 401, "unauthorized");
      answer(request, response);
    };
  }
}

/** Waits until the document says this. */
export async function untilStatus(bed: TestBed, holds: (status: Status) => boolean): Promise<Status> {
  for (;;) {
    const status = await bed.status();
    if (holds(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

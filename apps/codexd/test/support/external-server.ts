import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { type LoopbackProvider, startLoopbackProvider } from "@baa/loopback-provider";
import { Codexd, createCodexHome, findNativeCodex, type LedgerClient, tempRoot, type TestHooks } from "@baa/test-kit";
import { until } from "./drive.ts";

/** A real app-server that nobody of ours started, and how to reach it. */
export interface ExternalServer {
  readonly endpoint: string;
  /** Of `ws://` only. */
  readonly port: number;
  readonly pid: number;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts `codex app-server --listen`; resolves when it listens. */
export async function startExternalServer(o: {
  test: TestHooks;
  codexHome: string;
  listen: "ws" | "unix";
  args?: readonly string[];
}): Promise<ExternalServer> {
  const socket = path.join(o.codexHome, "s.sock");
  const listen = o.listen === "ws" ? "ws://127.0.0.1:0" : `unix://${socket}`;
  const args = ["app-server", "--disable", "plugins", "--disable", "shell_snapshot", "--listen", listen];
  const env = { PATH: "/usr/bin:/bin", HOME: o.codexHome, CODEX_HOME: o.codexHome };
  const child: ChildProcess = spawn(findNativeCodex() ?? "codex", [...args, ...(o.args ?? [])], {
    cwd: o.codexHome,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  const kill = async (signal: NodeJS.Signals = "SIGKILL"): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  o.test.onTestFinished(() => kill());
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data: Buffer) => (said += data.toString()));
  const port = (): number => Number(/ws:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1] ?? 0);
  const listens = (): boolean => (o.listen === "ws" ? port() > 0 : fs.existsSync(socket));
  await until("the external app-server listens", listens, 30_000);
  const endpoint = o.listen === "ws" ? `ws://127.0.0.1:${port()}` : listen;
  return { endpoint, port: port(), pid: child.pid ?? -1, kill };
}

/** A codexd on such a server, with the model behind it and the witness beside it. */
export interface ExternalSystem {
  readonly codexd: Codexd;
  readonly provider: LoopbackProvider;
  readonly ledger: LedgerClient;
  readonly server: ExternalServer;
  readonly codexHome: string;
}

export async function startExternalSystem(
  test: TestHooks,
  o: {
    listen?: "ws" | "unix";
    args?: readonly string[];
    env?: Readonly<Record<string, string>>;
    /** Where codexd connects to instead of to the server itself. */
    through?: (server: ExternalServer) => Promise<string>;
  } = {},
): Promise<ExternalSystem> {
  const provider = await startLoopbackProvider();
  test.onTestFinished(() => provider.stop());
  const root = tempRoot({ prefix: "baa-ext-" });
  test.onTestFinished(() => root.remove());
  const codexHome = createCodexHome({ dir: root.join("home"), providerUrl: provider.url });
  const more = o.args === undefined ? {} : { args: o.args };
  const server = await startExternalServer({ test, codexHome, listen: o.listen ?? "ws", ...more });
  const endpoint = (await o.through?.(server)) ?? server.endpoint;
  const env = { BAA_CODEXD_SERVER_STRATEGY: "external", BAA_CODEXD_SERVER_ENDPOINT: endpoint, ...o.env };
  const codexd = new Codexd({ env, until: "ready" });
  test.onTestFailed(() => void process.stderr.write(`--- output of codexd ---\n${codexd.output()}\n---\n`));
  test.onTestFinished(() => codexd.dispose());
  await codexd.start();
  return { codexd, provider, ledger: codexd.ledger().follow(), server, codexHome };
}

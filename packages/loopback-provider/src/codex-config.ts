/** What of Codex's provider configuration a caller may choose. */
export interface CodexConfigOptions {
  /** A name outside Codex's catalogue, so that it offers plain tools (`exec_command`). Default `loopback-model`. */
  readonly model?: string;
  /** Codex's own default is 4. */
  readonly requestMaxRetries?: number;
  /** Codex's own default is 5. */
  readonly streamMaxRetries?: number;
  /** Codex's own default is 300,000. */
  readonly streamIdleTimeoutMs?: number;
}

const PROVIDER = "loopback";
const DEFAULT_MODEL = "loopback-model";

/** The text of a `config.toml` that sends a Codex without key or login to the provider at `providerUrl`. */
export function codexConfigFor(providerUrl: string, o: CodexConfigOptions = {}): string {
  const lines = providerPairs(providerUrl, o).map(([key, value]) => `${key} = ${value}`);
  return [
    `model = ${JSON.stringify(o.model ?? DEFAULT_MODEL)}`,
    `model_provider = "${PROVIDER}"`,
    "",
    `[model_providers.${PROVIDER}]`,
    ...lines,
    "",
  ].join("\n");
}

/** The same as arguments for `codex app-server`. `CODEX_HOME` must exist all the same. */
export function codexConfigArgs(providerUrl: string, o: CodexConfigOptions = {}): string[] {
  const table = providerPairs(providerUrl, o).map(([key, value]) => `${key}=${value}`);
  const settings = [
    `model=${JSON.stringify(o.model ?? DEFAULT_MODEL)}`,
    `model_provider="${PROVIDER}"`,
    `model_providers.${PROVIDER}={${table.join(",")}}`,
  ];
  return settings.flatMap((setting) => ["-c", setting]);
}

function providerPairs(providerUrl: string, o: CodexConfigOptions): [string, string][] {
  const pairs: [string, string | number | undefined][] = [
    ["name", PROVIDER],
    ["base_url", providerUrl],
    ["wire_api", "responses"],
    ["request_max_retries", o.requestMaxRetries],
    ["stream_max_retries", o.streamMaxRetries],
    ["stream_idle_timeout_ms", o.streamIdleTimeoutMs],
  ];
  return pairs.flatMap(([key, value]) => (value === undefined ? [] : [[key, JSON.stringify(value)]]));
}

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { lastLines } from "./processes.mjs";

const START_MS = 10_000;

const KEY_PROVIDER = `model_provider = "openai-key"

[model_providers.openai-key]
name = "OpenAI"
base_url = "https://api.openai.com/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
`;

const loopbackProvider = (url) => `model = "loopback-model"
model_provider = "loopback"

[model_providers.loopback]
name = "loopback"
base_url = "${url}"
wire_api = "responses"
`;

const ownCodexHome = (dir, config) => {
  const home = path.join(dir, "codex-home");
  fs.mkdirSync(home, { mode: 0o700 });
  fs.writeFileSync(path.join(home, "config.toml"), config, { mode: 0o600 });
  return home;
};

/** A Codex login of this user, else a key in the environment, else undefined. */
const findCodexAccount = (env) => {
  const home = env.CODEX_HOME || path.join(os.homedir(), ".codex");
  if (fs.existsSync(path.join(home, "auth.json"))) return { home, what: `the Codex login in ${home}` };
  return env.OPENAI_API_KEY ? { what: "OPENAI_API_KEY" } : undefined;
};

const startLoopback = async ({ start, root, dir }) => {
  let announce;
  const announced = new Promise((resolve) => (announce = resolve));
  let text = "";
  const child = start({
    name: "loopback-provider",
    args: [path.join(root, "packages/loopback-provider/dist/bin.js"), "--port", "0"],
    env: process.env,
    logFile: path.join(dir, "logs/loopback-provider.log"),
    onLine: (chunk) => {
      text += chunk;
      if (text.includes("\n")) announce(JSON.parse(text.slice(0, text.indexOf("\n"))).url);
    },
  });
  const timer = setTimeout(() => announce(undefined), START_MS).unref();
  const url = await Promise.race([announced, child.ended.then(() => undefined)]);
  clearTimeout(timer);
  if (url === undefined) throw new Error(`the loopback provider did not start:\n${lastLines(child)}`);
  return url;
};

/**
 * Decides who answers as the model. Returns a line for people and the CODEX_HOME for codexd. A login is used where
 * it is; for a key or the loopback provider Codex gets a directory of its own below the scratch root.
 */
export const chooseProvider = async ({ wanted, start, root, dir, env }) => {
  const account = wanted === "loopback" ? undefined : findCodexAccount(env);
  if (account?.home !== undefined) return { line: `codex, ${account.what}`, codexHome: account.home };
  if (account !== undefined) return { line: `codex, ${account.what}`, codexHome: ownCodexHome(dir, KEY_PROVIDER) };
  if (wanted === "codex") {
    throw new Error(
      "--provider codex needs a Codex login (run `npx codex login`) or OPENAI_API_KEY in the environment",
    );
  }
  const url = await startLoopback({ start, root, dir });
  const why = wanted === "loopback" ? "" : " (no Codex login or key found)";
  return { line: `loopback at ${url}${why}`, codexHome: ownCodexHome(dir, loopbackProvider(url)) };
};

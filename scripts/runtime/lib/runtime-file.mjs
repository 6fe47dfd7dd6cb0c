// ~/.config/baa-conductor/runtime.json: where everything is, for clients on this machine. No secret.
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

const FORMAT = 1;

/** Its content for these settings. */
export const runtimeDocument = (settings, installDir) => ({
  format: FORMAT,
  node: settings.node,
  addresses: {
    conductor: settings.localApiBase,
    codexd: settings.codexdLocalApiBase,
    statusApi: `http://${settings.statusApiHost}:${settings.statusApiPort}`,
  },
  directories: {
    repo: settings.repoDir,
    state: `${settings.repoDir}/state`,
    logs: `${settings.repoDir}/logs`,
    runs: `${settings.repoDir}/runs`,
    worktrees: `${settings.repoDir}/worktrees`,
    tmp: `${settings.repoDir}/tmp`,
  },
  tokenFiles: { shared: settings.tokenFile, codexd: `${settings.repoDir}/state/codexd/token` },
  launchd: { scope: settings.scope, installDir },
});

/** Writes it if it says something else: `{path, changed}`. With `isDry` only says so. */
export const writeRuntimeFile = (settings, installDir, { isDry }) => {
  const file = path.join(settings.homeDir, ".config/baa-conductor/runtime.json");
  const text = `${JSON.stringify(runtimeDocument(settings, installDir), undefined, 2)}\n`;
  const changed = !fs.existsSync(file) || fs.readFileSync(file, "utf8") !== text;
  if (!changed || isDry) return { path: file, changed };
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.tmp-${randomUUID()}`;
  fs.writeFileSync(temporary, text, { mode: 0o600, flag: "wx", flush: true });
  fs.renameSync(temporary, file);
  return { path: file, changed };
};

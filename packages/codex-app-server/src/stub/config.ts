import path from "node:path";

/** The stub's only setting: threads are kept in `$CODEX_HOME/stub-threads.json`, when there is a CODEX_HOME. */
export function stubStateFile(env: Readonly<Record<string, string | undefined>> = process.env): { stateFile?: string } {
  const home = env["CODEX_HOME"];
  return home === undefined || home === "" ? {} : { stateFile: path.join(home, "stub-threads.json") };
}

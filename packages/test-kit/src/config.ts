/** What of the machine's own environment processes under test may see. */
export function hostEnv(): Record<string, string> {
  const names = ["PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME", "SHELL"];
  return definedVariables(Object.fromEntries(names.map((name) => [name, process.env[name]])));
}

/** An environment for a process: what is `undefined` in it is not set. */
export function definedVariables(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Where the operator says that a browser is: BAA_TEST_CHROMIUM, BAA_TEST_FIREFOX. */
export function browserFromEnv(name: "chromium" | "firefox"): string | undefined {
  return process.env[name === "chromium" ? "BAA_TEST_CHROMIUM" : "BAA_TEST_FIREFOX"];
}

/** What of the machine's own environment processes under test may see. */
export function hostEnv(): Record<string, string> {
  const names = ["PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME", "SHELL"];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** Where the operator says that a browser is: BAA_TEST_CHROMIUM, BAA_TEST_FIREFOX. */
export function browserFromEnv(name: "chromium" | "firefox"): string | undefined {
  return process.env[name === "chromium" ? "BAA_TEST_CHROMIUM" : "BAA_TEST_FIREFOX"];
}

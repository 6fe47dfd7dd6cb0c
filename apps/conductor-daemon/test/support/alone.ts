import { Codexd, Conductor, type ConductorOptions, type TestHooks } from "@baa/test-kit";

/** A runtime root whose codexd is never started. */
export const emptyRoot = (test: TestHooks): Codexd => {
  const codexd = new Codexd({ child: { command: "true" } });
  test.onTestFinished(() => codexd.dispose());
  return codexd;
};

/** A conductor that is not started yet, on a runtime root; its output is printed when the test fails. */
export const conductorOn = (test: TestHooks, codexd: Codexd, o: Omit<ConductorOptions, "codexd"> = {}): Conductor => {
  const conductor = new Conductor({ ...o, codexd });
  test.onTestFailed(() => void process.stderr.write(`--- output of conductor ---\n${conductor.output()}\n---\n`));
  test.onTestFinished(() => conductor.dispose());
  return conductor;
};

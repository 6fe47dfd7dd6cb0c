// Entry file: `codexd smoke` and tests start it in place of `codex app-server`. Arguments are ignored.
import { stubStateFile } from "./config.ts";
import { runStub } from "./run-stub.ts";

await runStub({
  stdin: process.stdin,
  stdout: process.stdout,
  ...stubStateFile(),
  crash: () => process.kill(process.pid, "SIGKILL"),
});

// `node --import tsx doomed-parent.ts <dir> <fake-child>`: supervises a child with descendants until it is killed.
import path from "node:path";
import { AppServerSupervisor } from "../../src/supervisor/app-server-supervisor.ts";

const [dir = "", fakeChild = ""] = process.argv.slice(2);
const supervisor = new AppServerSupervisor({
  command: process.execPath,
  args: [fakeChild, "descendants"],
  cwd: dir,
  env: { PATH: process.env["PATH"] ?? "" },
  clientInfo: { name: "codexd", title: "test", version: "0.0.0" },
  recordFile: path.join(dir, "child.json"),
  marker: { name: "MARKER", value: `doomed-${process.pid}` },
  handlers: {
    onState: () => undefined,
    onExit: () => undefined,
    onNotification: ({ params }) => {
      const { pids } = params as { pids: number[] };
      process.stdout.write(
        `${JSON.stringify({ child: supervisor.state.pid, pids, marker: `doomed-${process.pid}` })}\n`,
      );
    },
    onRequest: () => "unknown",
    onStderr: () => undefined,
    onUnparsable: () => undefined,
  },
});
await supervisor.start();

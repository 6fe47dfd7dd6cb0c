// A scripted child: `node fake-child.mjs <behaviour> [argument]`. It shares no code with what it tests.
import { spawn } from "node:child_process";
import fs from "node:fs";

const [behaviour, argument] = process.argv.slice(2);
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const die = (signal) => process.kill(process.pid, signal);
const forever = () => setInterval(() => undefined, 1 << 30);

/** A sleeper in a session of its own that inherits the environment, as a `setsid` grandchild does. */
function sleeper() {
  const child = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1 << 30)"], {
    detached: true,
    stdio: "ignore",
  });
  child.unref();
  return child.pid;
}

/** What happens after `initialize` was answered. */
const afterInitialize = {
  die: () => setTimeout(die, 20, "SIGSEGV"),
  exit: () => setTimeout(() => process.exit(Number(argument)), 20),
  oversize: () => process.stdout.write(Buffer.alloc(Number(argument), 0x61)),
  "close-stdout": () => {
    process.stdout.destroy();
    fs.closeSync(1);
    forever();
  },
  descendants: () => {
    forever(); // ignores the end of stdin, so it outlives a parent that was killed
    say({ method: "pids", params: { pids: [sleeper(), sleeper()] } });
  },
  "last-words": () => {
    say({ method: "first" });
    fs.writeSync(1, `${'{"method":"last"}\n'.repeat(200)}`);
    die("SIGKILL");
  },
  "stderr-flood": async () => {
    const chunk = Buffer.from(`${"x".repeat(1_023)}\n`.repeat(64));
    for (let sent = 0; sent < 64 * 1024 * 1024; sent += chunk.length) {
      if (!process.stderr.write(chunk)) await new Promise((resolve) => process.stderr.once("drain", resolve));
    }
    say({ method: "flooded" });
  },
  stubborn: () => {
    process.on("SIGTERM", () => say({ method: "sigterm ignored" }));
    forever();
  },
};

/** What happens at once, before anything is read. */
const atOnce = {
  "exit-early": () => {
    process.stderr.write("Error: bad configuration, line 1\nsecond line\n");
    process.exit(Number(argument));
  },
  "die-early": () => die("SIGKILL"),
  // Exits with 1 until the file exists; then it is an ordinary child.
  heal: () => {
    if (!fs.existsSync(argument)) process.exit(1);
  },
};

function answer({ id, method, params }) {
  if (method === "initialize") {
    if (behaviour === "silent") return;
    if (behaviour === "refuse") return say({ id, error: { code: -32600, message: "protocol 9 wanted" } });
    if (behaviour === "odd-reply") return say({ id, result: { serverInfo: "new style" } });
    say({ id, result: { userAgent: `${params.clientInfo.name}/0.1.2 (fake)` } });
    return afterInitialize[behaviour]?.();
  }
  if (method === "server/diagnostics") {
    if (behaviour === "no-probe") return;
    const residentMemoryBytes = behaviour === "fat" ? 1e9 : 1e6;
    return say({ id, result: { process: { id: process.pid, residentMemoryBytes }, gauges: [] } });
  }
  if (method === "thread/list") return say({ id, result: { data: [], marker: process.env.MARKER } });
  if (method === "model/list") return; // never answered
  if (method === "thread/read") {
    for (let count = 0; count < 5_000; count += 1) say({ method: "delta", params: { count } });
    return say({ id, result: {} });
  }
}

atOnce[behaviour]?.();
let rest = "";
process.stdin.setEncoding("utf8").on("data", (text) => {
  const lines = (rest + text).split("\n");
  rest = lines.pop();
  for (const line of lines) answer(JSON.parse(line));
});
if (behaviour === "silent" || behaviour === "stubborn") forever();

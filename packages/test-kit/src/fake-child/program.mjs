#!/usr/bin/env node
// A scripted stand-in for `codex app-server`: plays the scenario file named by its first argument.
// It shares no code with the product, its framing least of all. See scenario.ts for the language.
import fs from "node:fs";
import { createMemory } from "./memory.mjs";
import { fill } from "./template.mjs";

const scenario = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const memory = createMemory(scenario.dir);
const play = scenario.spawns[Math.min(memory.spawn, scenario.spawns.length - 1)];
const globals = {};
const awaited = new Map(); // id of a request of ours -> resolve
const held = [];
const labels = new Map(); // label -> the scopes running under it
const stdinLog = fs.openSync(`${scenario.dir}/stdin.log`, "a");
let nextRequestId = 0;
let stdoutOpen = true;

memory.journal({ event: "spawn", pid: process.pid, argv: process.argv.slice(3), cwd: process.cwd(), env: process.env });

/** Writes and, when the pipe is full, waits. */
const write = async (bytes, stream = process.stdout) => {
  if (!stdoutOpen && stream === process.stdout) return;
  if (!stream.write(bytes)) await new Promise((resolve) => stream.once("drain", resolve));
};
const send = (message) => write(`${JSON.stringify(message)}\n`);

const waitForFile = (file) =>
  new Promise((resolve) => {
    const timer = setInterval(() => {
      if (!fs.existsSync(file)) return;
      clearInterval(timer);
      resolve();
    }, 5);
  });

const flood = async (count, { newline = true, chunk = "x".repeat(65_536), stream = process.stdout } = {}) => {
  for (let left = count; left > 0; left -= chunk.length)
    await write(chunk.slice(0, Math.min(left, chunk.length)), stream);
  if (newline) await write("\n", stream);
};

const die = (signal) => {
  process.kill(process.pid, signal);
  return new Promise(() => undefined);
};

const STEPS = {
  reply: (value, scope) => send({ id: scope.id, result: value }),
  error: (value, scope) => send({ id: scope.id, error: { code: -32600, ...value } }),
  notify: (value) => send({ method: value.method, params: value.params, emittedAtMs: Date.now() }),
  send: (value) => send(value),
  async request(value, scope) {
    const id = value.id ?? nextRequestId++;
    const answer = new Promise((resolve) => awaited.set(String(id), resolve));
    await send({ id, method: value.method, params: value.params });
    scope[value.as ?? "answer"] = await answer;
    scope.requestId = id;
  },
  hold: (value, scope) => void held.push({ id: scope.id, result: value }),
  async flush(order) {
    const all = held.splice(0);
    const sorted = order === "reverse" ? all.toReversed() : Array.isArray(order) ? order.map((i) => all[i]) : all;
    for (const message of sorted) await send(message);
  },
  set: (value, scope) => void Object.assign(scope, value),
  setGlobal: (value) => void Object.assign(globals, value),
  recordTurn: (value) => memory.recordTurn(value.threadId, value.turn),
  label(name, scope) {
    scope.label = name;
    labels.set(name, [...(labels.get(name) ?? []), scope]);
  },
  cancel(name) {
    for (const scope of labels.get(name) ?? []) scope.cancelled = true;
    labels.delete(name);
  },
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  waitFile: (file) => waitForFile(file),
  touchFile: (file) => fs.writeFileSync(file, ""),
  raw: (text) => write(text),
  rawBase64: (text) => write(Buffer.from(text, "base64")),
  split: async ({ text, at }) => {
    const bytes = Buffer.from(text);
    await write(bytes.subarray(0, at));
    await new Promise((resolve) => setImmediate(resolve));
    await write(bytes.subarray(at));
  },
  fill: ({ bytes, newline }) => flood(bytes, { newline }),
  stderr: (text) => write(text, process.stderr),
  floodStderr: (bytes) => flood(bytes, { stream: process.stderr, chunk: `${"e".repeat(1023)}\n`, newline: false }),
  closeStdout() {
    stdoutOpen = false;
    fs.closeSync(1); // process.stdout.destroy() would leave the descriptor open
  },
  exit: (code) => process.exit(code), // oxlint-disable-line unicorn/no-process-exit -- to exit is what the step is for
  signal: (name) => die(name),
  ignore: () => undefined,
};

/** Steps that contain steps: their inside is filled in only when it is run. */
const BLOCKS = {
  async repeat({ times, everyMs = 0, steps }, scope) {
    const start = performance.now();
    for (let i = 0; i < fill(times, scope) && !scope.cancelled; i++) {
      const waitMs = start + i * everyMs - performance.now();
      if (waitMs > 0) await STEPS.sleep(waitMs);
      scope.i = i;
      await run(steps, scope);
    }
  },
  async when({ value, is, else: otherwise = [] }, scope) {
    await run(is[String(fill(value, scope))] ?? otherwise, scope);
  },
  background(steps, scope) {
    void run(steps, scope);
  },
};

async function run(steps, scope) {
  for (const step of steps) {
    if (scope.cancelled) return;
    const [[name, value]] = Object.entries(step);
    if (name in BLOCKS) await BLOCKS[name](value, scope);
    else if (name in STEPS) await STEPS[name](fill(value, scope), scope);
    else throw new Error(`scenario: unknown step "${name}"`);
  }
}

function createScope(message) {
  return { globals, memory, ...message };
}

function take(line) {
  const message = JSON.parse(line);
  memory.journal({ event: "message", message });
  if (message.method === undefined) {
    awaited.get(String(message.id))?.(message.result ?? { error: message.error });
    awaited.delete(String(message.id));
    return;
  }
  const steps = play.on?.[message.method] ?? play.on?.["*"];
  if (steps !== undefined) void run(steps, createScope(message));
  else if (message.id !== undefined)
    void send({
      id: message.id,
      error: { code: -32600, message: `Invalid request: unknown variant \`${message.method}\`` },
    });
}

let rest = Buffer.alloc(0);
process.stdin.on("data", (chunk) => {
  fs.writeSync(stdinLog, chunk);
  rest = Buffer.concat([rest, chunk]);
  for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
    const line = rest.subarray(0, end).toString("utf8");
    rest = rest.subarray(end + 1);
    if (line.trim() !== "") take(line);
  }
});
process.stdin.on("end", () => {
  if (play.onEnd !== undefined) void run(play.onEnd, createScope({}));
  else process.exit(0); // oxlint-disable-line unicorn/no-process-exit -- as the real one does, without a drain
});
process.stdout.on("error", () => (stdoutOpen = false));
for (const [signal, steps] of Object.entries(play.onSignal ?? {}))
  process.on(signal, () => void run(steps, createScope({})));
setInterval(() => undefined, 2 ** 30); // a child that outlives its stdin must have something to live for
void run(play.start ?? [], createScope({}));

// A preload (`node --import`) that makes calls of node:fs fail where BAA_FAILPOINT says; see failpoints.ts.
// It works on the default export and `fs.promises`; syncBuiltinESMExports makes named imports follow.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { constants as osConstants } from "node:os";

const real = { statSync: fs.statSync, readFileSync: fs.readFileSync, appendFileSync: fs.appendFileSync };
const spec = process.env.BAA_FAILPOINT ?? "";
const switchFile = spec.startsWith("@") ? spec.slice(1) : undefined;
const traceFile = process.env.BAA_FAILPOINT_TRACE;
const paths = new Map(); // descriptor -> path
let switchStamp;
let points = switchFile === undefined ? parse(spec) : [];
let inside = false; // our own calls (and fs calling itself) are not counted
const traced = new Map();

function parse(text) {
  return text
    .split(",")
    .filter(Boolean)
    .map((part) => {
      const [fn, range, action, ...path] = part.split(":");
      const [first, last] = range.endsWith("+") ? [Number(range.slice(0, -1)), Infinity] : range.split("-").map(Number);
      return { fn, first, last: last ?? first, action, path: path.join(":"), calls: 0 };
    });
}

function refresh() {
  if (switchFile === undefined) return;
  const stat = real.statSync(switchFile, { throwIfNoEntry: false, bigint: true });
  const stamp = stat === undefined ? undefined : `${stat.ino}:${stat.mtimeNs}`;
  if (stamp === switchStamp) return;
  switchStamp = stamp;
  points = stamp === undefined ? [] : parse(real.readFileSync(switchFile, "utf8").trim());
}

/** The action for this call, if any: the first failpoint whose turn it is. */
function actionFor(fn, path) {
  inside = true;
  try {
    refresh();
    if (traceFile !== undefined) {
      traced.set(fn, (traced.get(fn) ?? 0) + 1);
      real.appendFileSync(traceFile, `${JSON.stringify({ fn, path, nth: traced.get(fn) })}\n`);
    }
  } finally {
    inside = false;
  }
  let action;
  for (const point of points) {
    if (point.fn !== fn || !path.includes(point.path)) continue;
    point.calls++;
    if (point.calls >= point.first && point.calls <= point.last) action ??= point.action;
  }
  return action;
}

const kill = () => process.kill(process.pid, "SIGKILL");

function failure(code, syscall, path) {
  const errno = -(osConstants.errno[code] ?? 5);
  return Object.assign(new Error(`${code}: failpoint, ${syscall} '${path}'`), { code, errno, syscall, path });
}

const pathOf = (first) => (typeof first === "number" ? (paths.get(first) ?? "") : String(first ?? ""));

/** Arguments of a write, `(fd, data, offset?, length?, position?, callback?)` or with options, that stops half way. */
function half([fd, data, ...rest]) {
  const callback = typeof rest.at(-1) === "function" ? [rest.pop()] : [];
  if (typeof data === "string") {
    const bytes = Buffer.from(data, rest[1] ?? "utf8");
    return [fd, bytes, 0, halfOf(bytes.length), rest[0] ?? null, ...callback];
  }
  const options = typeof rest[0] === "object" && rest[0] !== null;
  const { offset, length, position } = options ? rest[0] : { offset: rest[0], length: rest[1], position: rest[2] };
  const from = offset ?? 0;
  return [fd, data, from, halfOf(length ?? data.byteLength - from), position ?? null, ...callback];
}

const halfOf = (bytes) => Math.max(1, Math.floor(bytes / 2));

function wrapSync(name) {
  const original = fs[name];
  fs[name] = function (...args) {
    if (inside) return original.apply(fs, args);
    const path = pathOf(args[0]);
    const action = actionFor(name, path);
    if (action === "kill") kill();
    if (action !== undefined && /^E[A-Z]/.test(action)) throw failure(action, name.replace("Sync", ""), path);
    inside = true;
    try {
      const result = original.apply(fs, action === "short" ? half(args) : args);
      if (name === "openSync") paths.set(result, path);
      return result;
    } finally {
      inside = false;
      if (action === "killAfter") kill();
    }
  };
}

function wrapCallback(name) {
  const original = fs[name];
  fs[name] = function (...args) {
    if (inside) return original.apply(fs, args);
    const path = pathOf(args[0]);
    const action = actionFor(name, path);
    const callback = args.pop();
    if (action === "kill") kill();
    if (action !== undefined && /^E[A-Z]/.test(action)) return process.nextTick(callback, failure(action, name, path));
    const done = (error, ...results) => {
      if (action === "killAfter") kill();
      if (name === "open" && !error) paths.set(results[0], path);
      callback(error, ...results);
    };
    return original.apply(fs, action === "short" ? half([...args, done]) : [...args, done]);
  };
  Object.assign(fs[name], original); // util.promisify.custom of fs.write and fs.read
}

function wrapPromise(owner, name, label, pathFrom) {
  const original = owner[name];
  owner[name] = async function (...args) {
    if (inside) return original.apply(this, args);
    const path = pathFrom(this, args);
    const action = actionFor(label, path);
    if (action === "kill") kill();
    if (action !== undefined && /^E[A-Z]/.test(action)) throw failure(action, name, path);
    const result = await original.apply(this, action === "short" ? half([0, ...args]).slice(1) : args);
    if (action === "killAfter") kill();
    if (label === "promises.open") watchHandle(result, path);
    return result;
  };
}

let handleIsWrapped = false;
function watchHandle(handle, path) {
  paths.set(handle.fd, path);
  if (handleIsWrapped) return;
  handleIsWrapped = true;
  const prototype = Object.getPrototypeOf(handle);
  for (const name of ["write", "writev", "writeFile", "appendFile", "sync", "datasync", "truncate", "close"]) {
    wrapPromise(prototype, name, `handle.${name}`, (self) => paths.get(self.fd) ?? "");
  }
}

const SYNC = [
  "writeSync",
  "writevSync",
  "fsyncSync",
  "fdatasyncSync",
  "ftruncateSync",
  "truncateSync",
  "renameSync",
  "linkSync",
  "openSync",
  "closeSync",
  "unlinkSync",
  "rmSync",
  "mkdirSync",
  "writeFileSync",
  "appendFileSync",
  "copyFileSync",
  "readSync",
  "readFileSync",
];
const PROMISES = [
  "open",
  "rename",
  "link",
  "unlink",
  "rm",
  "mkdir",
  "writeFile",
  "appendFile",
  "truncate",
  "copyFile",
  "readFile",
];
for (const name of SYNC) wrapSync(name);
for (const name of [
  "write",
  "writev",
  "fsync",
  "fdatasync",
  "ftruncate",
  "truncate",
  "rename",
  "link",
  "open",
  "close",
  "unlink",
  "rm",
  "mkdir",
  "writeFile",
  "appendFile",
])
  wrapCallback(name);
for (const name of PROMISES) wrapPromise(fs.promises, name, `promises.${name}`, (_, args) => pathOf(args[0]));
syncBuiltinESMExports();

// One HTTP request by curl. Address and token go through its standard input: every user can read argv.
import { spawn } from "node:child_process";

/** A value of curl's configuration, quoted as curl reads it. */
const quoted = (value) => `"${value.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;

const parse = (text, code, stderr) => {
  const cut = text.lastIndexOf("\n");
  const status = Number(text.slice(cut + 1));
  const body = text.slice(0, Math.max(0, cut));
  if (code === 0) return { status, body, ok: status >= 200 && status < 300 };
  return { status, body, ok: false, error: stderr.trim() || `curl ended with ${code}`, curlExit: code };
};

/**
 * `{ok, status, body, error?, curlExit?}`; status 0 when nobody answered. `json`: what is posted, instead of a GET.
 * Never throws.
 */
export const probe = (url, { token, json, timeoutMs = 3000 } = {}) =>
  new Promise((resolve) => {
    const child = spawn("curl", ["--config", "-"], { stdio: ["pipe", "pipe", "pipe"] });
    const [out, err] = [[], []];
    child.stdout.on("data", (chunk) => out.push(chunk));
    child.stderr.on("data", (chunk) => err.push(chunk));
    child.stdin.on("error", () => undefined); // curl has ended already; its exit code says why
    child.once("error", ({ message }) => resolve({ ok: false, status: 0, body: "", error: message, curlExit: 127 }));
    child.once("close", (code) =>
      resolve(parse(Buffer.concat(out).toString("utf8"), code, Buffer.concat(err).toString("utf8"))),
    );
    const lines = [
      "silent",
      "show-error",
      'noproxy = "*"',
      `max-time = ${timeoutMs / 1000}`,
      String.raw`write-out = "\n%{http_code}"`,
      ...(token === undefined ? [] : [`header = ${quoted(`Authorization: Bearer ${token}`)}`]),
      ...(json === undefined
        ? []
        : ['header = "Content-Type: application/json"', `data = ${quoted(JSON.stringify(json))}`]),
      `url = ${quoted(url)}`,
    ];
    child.stdin.end(`${lines.join("\n")}\n`);
  });

/** The body's value at a key when it is JSON; undefined otherwise. */
export const jsonField = (body, key) => {
  try {
    return JSON.parse(body)?.[key];
  } catch {
    return undefined; // not JSON: the caller treats it as a wrong answer
  }
};

import type { Step } from "@baa/test-kit";
import { type Attack, malformed, smuggling } from "../../../../packages/http/test/wire-attacks.ts";

export type { Attack };

export interface AttackTarget {
  readonly port: number;
  readonly token: string;
  /** A session that would take a turn. */
  readonly sessionId: string;
}

const MIB = 1024 * 1024;
const TURN = "/v1/codexd/turn";

/** The head of a request that would start a turn, without what ends it. */
function head(o: AttackTarget, more: readonly string[], line = `POST ${TURN} HTTP/1.1`): string {
  const lines = [line, `Host: 127.0.0.1:${o.port}`, `Authorization: Bearer ${o.token}`, "Connection: close", ...more];
  return lines.map((text) => `${text}\r\n`).join("");
}

const JSON_TYPE = "Content-Type: application/json";
const turnBody = (o: AttackTarget): string => JSON.stringify({ sessionId: o.sessionId, input: "attack" });
const withBody = (o: AttackTarget, body: Buffer | string, line?: string): (Buffer | string)[] => [
  `${head(o, [JSON_TYPE, `Content-Length: ${Buffer.byteLength(body)}`], line)}\r\n`,
  body,
];

/** E-02: heads that are too large, with and without an upgrade. */
export function headerBombs(o: AttackTarget): Attack[] {
  const upgrade = ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
  const bombs: readonly (readonly [string, readonly string[]])[] = [
    ["one header of 17 KiB", [`X-Pad: ${"a".repeat(17 * 1024)}`]],
    ["3,000 headers", Array.from({ length: 3000 }, (_, i) => `X-${i}: 1`)],
    ["a header name of 17 KiB", [`${"x".repeat(17 * 1024)}: 1`]],
  ];
  return bombs.flatMap(([name, lines]) =>
    [[], upgrade].map((more) => ({
      name: `${name}${more.length > 0 ? ", upgrade" : ""}`,
      chunks: [`${head(o, [...lines, ...more], "GET /v1/codexd/events HTTP/1.1")}\r\n`],
      expect: [431],
    })),
  );
}

/** E-03: bodies and framings that lie, are too large, or that two parsers would read differently. */
export function bodyAttacks(o: AttackTarget): Attack[] {
  const wire = { port: o.port, token: o.token, method: "POST", path: TURN, body: turnBody(o) };
  return [...tooLarge(o), ...lies(o), ...smuggling(wire), ...malformed(wire)];
}

function tooLarge(o: AttackTarget): Attack[] {
  const sessions = "POST /v1/codexd/sessions HTTP/1.1";
  const padded = (bytes: number): Buffer => Buffer.alloc(bytes, 0x20);
  const chunked = [JSON_TYPE, "Transfer-Encoding: chunked"];
  const piece = `10000\r\n${" ".repeat(65_536)}\r\n`;
  return [
    { name: "1 MiB + 1 for a session", chunks: withBody(o, padded(MIB + 1), sessions), expect: [413] },
    { name: "8 MiB + 1 for a turn", chunks: withBody(o, padded(8 * MIB + 1)), expect: [413] },
    {
      name: "16 MiB announced, nothing sent",
      chunks: [`${head(o, [JSON_TYPE, `Content-Length: ${16 * MIB}`])}\r\n`],
      expect: [413],
    },
    {
      name: "chunks without end, session",
      chunks: [`${head(o, chunked, sessions)}\r\n`, ...Array.from({ length: 17 }, () => piece)],
      expect: [413],
    },
    {
      name: "chunks without end, turn",
      chunks: [`${head(o, chunked)}\r\n`, ...Array.from({ length: 129 }, () => piece)],
      expect: [413],
    },
  ];
}

function lies(o: AttackTarget): Attack[] {
  const body = turnBody(o);
  const length = Buffer.byteLength(body);
  const announce = (text: string): string => `${head(o, [JSON_TYPE, `Content-Length: ${text}`])}\r\n`;
  return [
    { name: "more announced than sent", chunks: [announce(String(length + 10)), body], expect: [0, 400], half: true },
    { name: "less announced than sent", chunks: [announce(String(length - 5)), body], expect: [400] },
    {
      name: "a body cut by the end",
      chunks: [announce(String(length)), body.slice(0, 20)],
      expect: [0, 400],
      half: true,
    },
    ...["-1", "+5", "1e3", "0x10", "5, 5", "99999999999999999999", " ", "five"].map((text) => ({
      name: `Content-Length ${JSON.stringify(text)}`,
      chunks: [announce(text), body],
      expect: [0, 400, 413],
    })),
  ];
}

/** E-04: texts that are no acceptable JSON, or that would harm whoever parsed them. */
export function jsonAttacks(o: AttackTarget): Attack[] {
  const turn = (more: string): string => `{"sessionId":"${o.sessionId}","input":"attack",${more}}`;
  const texts: readonly (readonly [string, Buffer | string])[] = [
    ["65 arrays", turn(`"a":${"[".repeat(64)}${"]".repeat(64)}`)],
    ["a million arrays", "[".repeat(1_000_000)],
    ["a million objects", '{"a":'.repeat(200_000)],
    ["100,001 values", turn(`"a":[${"0,".repeat(100_001)}0]`)],
    ["100,001 keys", turn(Array.from({ length: 100_001 }, (_, i) => `"k${i}":0`).join(","))],
    ["__proto__", turn('"__proto__":{"admin":true}')],
    ["__proto__, escaped", turn('"\\u005f_proto__":{"admin":true}')],
    ["__proto__, deep", turn('"a":[{"b":{"__proto__":{"admin":true}}}]')],
    ["constructor", turn('"constructor":{"prototype":{"admin":true}}')],
    ["prototype", turn('"prototype":{}')],
    ["a key twice", turn('"input":"other"')],
    ["a key twice, once escaped", turn('"\\u0069nput":"other"')],
    ["a number of 10,000 digits", turn(`"a":${"9".repeat(10_000)}`)],
    ["an exponent", turn(`"a":1e${"9".repeat(200)}`)],
    ["a byte order mark", `\ufeff${turnBody(o)}`],
    ["invalid UTF-8", Buffer.from(turnBody(o).replace("attack", "att\xff\xfeack"), "latin1")],
    ["an overlong NUL", Buffer.from(turnBody(o).replace("attack", "att\xc0\x80ack"), "latin1")],
    ["a control character", turnBody(o).replace("attack", "att\x01ack")],
    ["NaN", turn('"a":NaN')],
    ["a comment", `/* */${turnBody(o)}`],
    ["a comma too much", turnBody(o).replace("}", ",}")],
    ["single quotes", turnBody(o).replaceAll('"', "'")],
    ["two values", `${turnBody(o)}${turnBody(o)}`],
    ["nothing", ""],
    ["null", "null"],
    ["an array", `[${turnBody(o)}]`],
    ["a text", '"attack"'],
    ["an unknown key", turn('"command":"id"')],
    ["an input of another type", `{"sessionId":"${o.sessionId}","input":{"type":"text","text":"attack"}}`],
    ["a session of another type", '{"sessionId":{"$ne":null},"input":"attack"}'],
    ["a timeout below zero", turn('"timeoutMs":-1')],
    ["a timeout beyond reason", turn('"timeoutMs":1e308')],
  ];
  return texts.map(([name, text]) => ({ name, chunks: withBody(o, text), expect: [400, 422] }));
}

/** The mark in every id of G-04; it must never turn up in a call of the file system. */
export const PATH_MARK = "pathmark";

const BAD_IDS = [
  "..",
  "../..",
  `../../${PATH_MARK}`,
  "%2e%2e",
  `%2e%2e%2f%2e%2e%2f${PATH_MARK}`,
  `..%2f..%2fetc%2fpasswd%00${PATH_MARK}`,
  `..%5c..%5c${PATH_MARK}`,
  `%252e%252e%252f${PATH_MARK}`,
  `%c0%ae%c0%ae%c0%af${PATH_MARK}`,
  `%ef%bc%8e%ef%bc%8e%ef%bc%8f${PATH_MARK}`,
  `%e2%80%a5%2f${PATH_MARK}`,
  `%2fetc%2fpasswd${PATH_MARK}`,
  `file:%2f%2f%2f${PATH_MARK}`,
  `~%2f${PATH_MARK}`,
  `%00${PATH_MARK}`,
  `${PATH_MARK}%00.json`,
  `${PATH_MARK}%0d%0aX-Evil:%201`,
  `$(touch%20${PATH_MARK})`,
  `;id;${PATH_MARK}`,
  `'%20or%201=1--${PATH_MARK}`,
  "%zz",
  "%",
  "a".repeat(4096),
  "ses_0123456789ABCDEF0123456789ABCDEF",
  "ses_0123456789abcdef0123456789abcdef0",
  "ses_0123456789abcdef0123456789abcde",
  "__proto__",
  "constructor",
];

/** G-04: ids that are paths, in every place where an id is taken. */
export function pathAttacks(o: AttackTarget): Attack[] {
  const get = (name: string, target: string): Attack => ({
    name,
    chunks: [`${head(o, [], `GET ${target} HTTP/1.1`)}\r\n`],
    expect: [400, 404, 422],
  });
  const send = (name: string, target: string, body: string): Attack => ({
    name,
    chunks: withBody(o, body, `POST ${target} HTTP/1.1`),
    expect: [400, 404, 422],
  });
  return BAD_IDS.flatMap((id) => {
    const text = JSON.stringify(tryDecode(id));
    const where = (place: string): string => `${place}: ${id.slice(0, 60)}`;
    return [
      get(where("session"), `/v1/codexd/sessions/${id}`),
      get(where("turns"), `/v1/codexd/sessions/${id}/turns`),
      get(where("turn"), `/v1/codexd/sessions/${o.sessionId}/turns/${id}`),
      get(where("approval"), `/v1/codexd/approvals/${id}`),
      { ...get(where("filter"), `/v1/codexd/events?sessionId=${id}`), expect: [200, 400, 404, 422] },
      { ...get(where("delete"), ""), chunks: [`${head(o, [], `DELETE /v1/codexd/sessions/${id} HTTP/1.1`)}\r\n`] },
      send(where("interrupt"), `/v1/codexd/sessions/${o.sessionId}/turns/${id}/interrupt`, "{}"),
      send(where("session of a turn"), TURN, `{"sessionId":${text},"input":"attack"}`),
    ];
  });
}

function tryDecode(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

/** Steps of a turn that let a secret out in every way a child can: whole items, deltas, keys, requests, stderr, garbage. */
export function leak(secret: string): Step[] {
  const here = { threadId: "{{params.threadId}}", turnId: "{{turnId}}" };
  const escaped = Array.from(secret, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
  const output = { type: "commandExecution", id: "leak", command: `cat ${secret}`, aggregatedOutput: `a ${secret} b` };
  return [
    {
      notify: {
        method: "item/started",
        params: { item: { ...output, [secret]: [{ [`k ${secret}`]: secret }] }, ...here },
      },
    },
    { notify: { method: "item/commandExecution/outputDelta", params: { ...here, itemId: "leak", delta: secret } } },
    {
      notify: {
        method: "item/agentMessage/delta",
        params: { ...here, itemId: "{{itemId}}", delta: `x${secret}${secret}y` },
      },
    },
    { notify: { method: "item/completed", params: { item: output, ...here } } },
    { notify: { method: "some/unknown", params: { ...here, deep: [[[{ value: secret }]]] } } },
    { notify: { method: "error", params: { ...here, willRetry: true, error: { message: secret } } } },
    { raw: `{"method":"some/escaped","params":{"threadId":"x","value":"${escaped}"}}\n` },
    { raw: `no json ${secret}\n` },
    { raw: `${"x".repeat(4080)}${secret}\n` },
    { stderr: `stderr says ${secret}\n` },
  ];
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClientFrame, readClientFrame, readServerFrame, ServerFrame } from "../../src/firefox/index.ts";
import { CLIENT_FRAMES, COMMAND_ID, SECRET, SERVER_FRAMES } from "./frame-examples.ts";

type Read = (text: string) => { t: string } | "unknown" | undefined;
const sides: [string, Read, readonly { t: string }[], readonly string[]][] = [
  [
    "the server",
    readServerFrame,
    SERVER_FRAMES,
    ServerFrame.def.options.map(({ shape }) => String(shape.t.def.values[0])),
  ],
  [
    "a browser",
    readClientFrame,
    CLIENT_FRAMES,
    ClientFrame.def.options.map(({ shape }) => String(shape.t.def.values[0])),
  ],
];

describe.each(sides)("frames of %s", (_side, read, examples, types) => {
  it("have an example here, each type", () => {
    expect([...new Set(examples.map(({ t }) => t))]).toEqual(types);
  });

  it.each(examples.map((frame): [string, { t: string }] => [frame.t, frame]))("%s comes as it went", (_t, frame) => {
    expect(read(JSON.stringify(frame))).toEqual(frame);
  });

  it.each(examples.map((frame): [string, { t: string }] => [frame.t, frame]))(
    "%s lets pass what is newer in it, and drops it",
    (_t, frame) => {
      expect(read(JSON.stringify({ ...frame, newer: { deep: true } }))).toEqual(frame);
    },
  );

  it.each(examples.map((frame): [string, { t: string }] => [frame.t, frame]))(
    "%s is none when a field has another kind",
    (_t, frame) => {
      const open = new Set(["t", "value", "params"]);
      for (const field of Object.keys(frame).filter((name) => !open.has(name))) {
        for (const odd of [{ odd: "kind" }, [true]]) {
          expect([field, read(JSON.stringify({ ...frame, [field]: odd }))]).toEqual([field, undefined]);
        }
      }
    },
  );

  it("a type that is not known is `unknown`, whatever else is in it", () => {
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.string(), fc.jsonValue()), (t, rest) => {
        fc.pre(!types.includes(t));
        expect(read(JSON.stringify({ ...rest, t }))).toBe("unknown");
      }),
    );
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty", ""])("%j is a type that is not known", (t) => {
    expect(read(JSON.stringify({ t }))).toBe("unknown");
  });

  it.each([
    "",
    " ",
    "{",
    "null",
    "true",
    "1",
    '"ping"',
    "[]",
    '[{"t":"ping","n":1}]',
    "{}",
    '{"t":null}',
    '{"t":1}',
    '{"t":["ping"]}',
    '{"t":{"t":"ping"}}',
    '{"T":"ping","n":1}',
    '{"__proto__":{"t":"ping","n":1}}',
    "\u0000",
    '{"t":"ping","n":1}{',
    "\uFEFF",
  ])("%j is no frame", (text) => {
    expect(read(text)).toBeUndefined();
  });

  it("no text makes it throw", () => {
    const near = examples.map((frame) => JSON.stringify(frame));
    const cut = fc
      .tuple(fc.constantFrom(...near), fc.nat(400), fc.string())
      .map(([text, at, junk]) => text.slice(0, at) + junk + text.slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), cut), (text) => {
        const frame = read(text);
        if (typeof frame === "object") expect(types).toContain(frame.t);
      }),
      { numRuns: 500 },
    );
  });

  it("what goes the other way is not known here", () => {
    const others = examples === SERVER_FRAMES ? CLIENT_FRAMES : SERVER_FRAMES;
    for (const frame of others) expect(read(JSON.stringify(frame))).toBe("unknown");
  });
});

describe("a name that objects have by birth", () => {
  it("reaches no prototype as a field of a frame or of parameters", () => {
    const text = `{"t":"cmd","id":"${COMMAND_ID}","method":"m","params":{"__proto__":{"isAdmin":true},"constructor":1},"effect":"read","ttlMs":1,"__proto__":{"isAdmin":true}}`;
    const frame = readServerFrame(text) as unknown as { isAdmin?: true; params: { isAdmin?: true } };
    expect([frame.isAdmin, frame.params.isAdmin, ({} as { isAdmin?: true }).isAdmin]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(Object.getPrototypeOf(frame.params)).toBe(Object.prototype);
    expect(Object.keys(frame.params)).toEqual(["constructor"]);
  });
});

describe("limits of a frame's fields", () => {
  const client = (t: string, change: object) =>
    readClientFrame(JSON.stringify({ ...CLIENT_FRAMES.find((frame) => frame.t === t), ...change })) !== undefined;
  const server = (t: string, change: object) =>
    readServerFrame(JSON.stringify({ ...SERVER_FRAMES.find((frame) => frame.t === t), ...change })) !== undefined;

  it.each<[string, object, boolean]>([
    ["hello", { nonce: "A".repeat(42) }, false],
    ["hello", { nonce: "A".repeat(44) }, false],
    ["hello", { mac: `${"A".repeat(42)}=` }, false],
    ["hello", { mac: `${SECRET}\n` }, false],
    ["hello", { clientId: "ffx_0123456789ABCDEF0123456789abcdef" }, false],
    ["hello", { clientId: COMMAND_ID }, false],
    ["hello", { with: "token" }, false],
    ["hello", { proto: 1.5 }, false],
    ["hello", { proto: -1 }, false],
    ["hello", { backgroundId: "x".repeat(64) }, true],
    ["hello", { backgroundId: "x".repeat(65) }, false],
    ["accepted", { id: "cmd_1" }, false],
    ["accepted", { id: `${COMMAND_ID}\n` }, false],
    ["accepted", { id: "cmd___proto__" }, false],
    ["chunk", { from: -1 }, false],
    ["chunk", { n: 9_007_199_254_740_992 }, false],
    ["evt", { id: "x".repeat(64) }, true],
    ["evt", { id: "x".repeat(65) }, false],
    ["evt", { id: "../etc" }, false],
    ["evt", { kind: "password" }, false],
    ["site", { access: "asked" }, false],
    ["site", { access: undefined }, false],
    ["site", { site: "a.org/path" }, false],
  ])("%s %j: %j", (t, change, isTaken) => {
    expect(client(t, change)).toBe(isTaken);
  });

  it.each<[string, object, boolean]>([
    ["challenge", { serverId: "a|b" }, false],
    ["challenge", { serverId: "" }, false],
    ["challenge", { serverId: "s".repeat(64) }, true],
    ["challenge", { serverId: "s".repeat(65) }, false],
    ["challenge", { proto: [1] }, false],
    ["challenge", { proto: [1, 2, 3] }, false],
    ["paired", { key: "" }, false],
    ["welcome", { sites: [{ site: "A.org", access: "allowed" }] }, false],
    ["welcome", { sites: [{ site: "a.org", access: "maybe" }] }, false],
    ["cmd", { effect: "both" }, false],
    ["cmd", { ttlMs: -1 }, false],
    ["cmd", { params: null }, false],
    ["cmd", { method: "a.method.of.tomorrow" }, true],
  ])("%s %j: %j", (t, change, isTaken) => {
    expect(server(t, change)).toBe(isTaken);
  });

  it("a result's error says what is known, by a code that may be new", () => {
    const error = { code: "internal", message: "m", outcome: "unknown" };
    const result = (change: object) => client("result", { ok: false, value: undefined, ...change });
    expect([result({ error }), result({ error: { ...error, code: "brand_new" } }), result({})]).toEqual([
      true,
      true,
      true,
    ]);
    expect(result({ error: { ...error, outcome: "perhaps" } })).toBe(false);
    expect(result({ error: { ...error, message: "m".repeat(4097) } })).toBe(false);
    expect(result({ error: { ...error, code: "c".repeat(65) } })).toBe(false);
  });

  it("a site of megabytes is refused like any other", () => {
    for (const site of ["a.".repeat(3_000_000), `${"a".repeat(6_000_000)}!`])
      expect(client("site", { site })).toBe(false);
  });

  it("parameters a hundred thousand levels deep are read or refused, not fatal", () => {
    const params = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    const text = `{"t":"cmd","id":"${COMMAND_ID}","method":"m","params":${params},"effect":"read","ttlMs":1}`;
    expect(["object", "undefined"]).toContain(typeof readServerFrame(text));
  });
});

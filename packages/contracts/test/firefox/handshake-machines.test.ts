import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ClientHandshakeInput,
  type ClientHandshakeState,
  type ServerHandshakeInput,
  type ServerHandshakeState,
  stepClientHandshake,
  stepServerHandshake,
} from "../../src/firefox/index.ts";

const CLIENT = {
  challenge: { kind: "challenge", isVersionKnown: true },
  "challenge of another version": { kind: "challenge", isVersionKnown: false },
  "paired, proved": { kind: "paired", proofHolds: true },
  "paired, not proved": { kind: "paired", proofHolds: false },
  "welcome, proved": { kind: "welcome", proofHolds: true },
  "welcome, not proved": { kind: "welcome", proofHolds: false },
  other: { kind: "other frame" },
} as const satisfies Record<string, ClientHandshakeInput>;
type ClientName = keyof typeof CLIENT;

describe("the browser's side", () => {
  /** All that leads on; whatever is not here is a fault of protocol. */
  const ways = (
    secret: "key" | "code",
  ): Partial<Record<ClientHandshakeState, Partial<Record<ClientName, object>>>> => ({
    connected: {
      challenge: { state: "greeted", effect: "sendHello" },
      "challenge of another version": { state: "failed", fault: "version" },
    },
    greeted:
      secret === "key"
        ? {
            "welcome, proved": { state: "open", effect: "begin" },
            "welcome, not proved": { state: "failed", fault: "impostor" },
          }
        : {
            "paired, proved": { state: "paired", effect: "storeKey" },
            "paired, not proved": { state: "failed", fault: "impostor" },
          },
    paired:
      secret === "key"
        ? {}
        : {
            "welcome, proved": { state: "open", effect: "begin" },
            "welcome, not proved": { state: "failed", fault: "impostor" },
          },
  });

  for (const secret of ["key", "code"] as const) {
    for (const state of ["connected", "greeted", "paired", "open", "failed"] as const) {
      it.each(Object.entries(CLIENT))(`with its ${secret}, ${state}: %s`, (name, input) => {
        const isOver = state === "open" || state === "failed";
        const next = isOver
          ? { state }
          : (ways(secret)[state]?.[name as ClientName] ?? { state: "failed", fault: "protocol" });
        expect(stepClientHandshake(state, input, { with: secret })).toEqual(next);
      });
    }
  }

  it("opens by one sequence for a key and by one for a code, and by no other", () => {
    const names = Object.keys(CLIENT) as ClientName[];
    const only = { key: ["challenge", "welcome, proved"], code: ["challenge", "paired, proved", "welcome, proved"] };
    const likely = fc.constantFrom<ClientName>(...names, "challenge", "paired, proved", "welcome, proved");
    fc.assert(
      fc.property(
        fc.constantFrom("key" as const, "code" as const),
        fc.array(likely, { maxLength: 6 }),
        (secret, sent) => {
          const effects: string[] = [];
          let state: ClientHandshakeState = "connected";
          for (const name of sent) {
            const step = stepClientHandshake(state, CLIENT[name], { with: secret });
            if (step.effect !== undefined) effects.push(step.effect);
            state = step.state;
          }
          const isRight = only[secret].every((name, at) => sent[at] === name);
          expect(state === "open").toBe(isRight);
          expect(effects.includes("begin")).toBe(isRight);
          expect(new Set(effects).size).toBe(effects.length);
        },
      ),
      { numRuns: 5000 },
    );
  });
});

const SERVER = {
  hello: { kind: "hello", isVersionKnown: true },
  "hello of another version": { kind: "hello", isVersionKnown: false },
  other: { kind: "other frame" },
  proved: { kind: "proved" },
  refuted: { kind: "refuted" },
  "time is over": { kind: "time is over" },
  "socket closed": { kind: "socket closed" },
} as const satisfies Record<string, ServerHandshakeInput>;
type ServerName = keyof typeof SERVER;

describe("the server's side", () => {
  const auth = { state: "closed", close: "auth" };
  const late = { state: "closed", close: "handshake" };
  const table: Record<ServerHandshakeState, Record<ServerName, object>> = {
    challenged: {
      hello: { state: "proving", effect: "verify" },
      "hello of another version": { state: "closed", close: "version" },
      other: auth,
      proved: auth,
      refuted: auth,
      "time is over": late,
      "socket closed": { state: "closed" },
    },
    proving: {
      hello: auth,
      "hello of another version": auth,
      other: auth,
      proved: { state: "open", effect: "welcome" },
      refuted: auth,
      "time is over": late,
      "socket closed": { state: "closed" },
    },
    open: {
      hello: { state: "open" },
      "hello of another version": { state: "open" },
      other: { state: "open" },
      proved: { state: "open" },
      refuted: { state: "open" },
      "time is over": { state: "open" },
      "socket closed": { state: "closed" },
    },
    closed: {
      hello: { state: "closed" },
      "hello of another version": { state: "closed" },
      other: { state: "closed" },
      proved: { state: "closed" },
      refuted: { state: "closed" },
      "time is over": { state: "closed" },
      "socket closed": { state: "closed" },
    },
  };

  for (const [state, row] of Object.entries(table)) {
    it.each(Object.entries(row))(`${state}: %s`, (name, next) => {
      expect(stepServerHandshake(state as ServerHandshakeState, SERVER[name as ServerName])).toEqual(next);
    });
  }

  it("welcomes after a hello and its proof, and never otherwise; a socket is closed once", () => {
    const names = fc.constantFrom(...(Object.keys(SERVER) as ServerName[]), "hello" as const, "proved" as const);
    fc.assert(
      fc.property(fc.array(names, { maxLength: 6 }), (sent) => {
        const [effects, closes]: [string[], string[]] = [[], []];
        let state: ServerHandshakeState = "challenged";
        for (const name of sent) {
          const step = stepServerHandshake(state, SERVER[name]);
          if (step.effect !== undefined) effects.push(step.effect);
          if (step.close !== undefined) closes.push(step.close);
          state = step.state;
        }
        const isRight = sent[0] === "hello" && sent[1] === "proved";
        expect(effects.filter((effect) => effect === "welcome")).toEqual(isRight ? ["welcome"] : []);
        expect(closes.length).toBeLessThanOrEqual(isRight ? 0 : 1);
      }),
      { numRuns: 5000 },
    );
  });
});

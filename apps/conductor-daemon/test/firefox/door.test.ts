import { describe, expect, it } from "vitest";
import { newPairingCode } from "../../src/firefox/pairing-code.ts";
import { CLIENT_ID, INFO, openDoor, ORIGIN, OTHER_ID, OTHER_ORIGIN } from "../support/firefox-door.ts";
import { eventsOf } from "../support/store.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe("codes", () => {
  it("are 8 digits to type, and 32 characters for a policy", () => {
    const typed = Array.from({ length: 200 }, () => newPairingCode("code"));
    const policy = Array.from({ length: 200 }, () => newPairingCode("policy"));
    expect(typed.filter((code) => !/^[0-9]{8}$/.test(code))).toEqual([]);
    expect(policy.filter((code) => !/^[a-z2-7]{32}$/.test(code))).toEqual([]);
    expect(new Set([...typed, ...policy]).size).toBe(400);
  });

  it("use every digit in every place, leading zeros included", () => {
    const typed = Array.from({ length: 3_000 }, () => newPairingCode("code"));
    for (let at = 0; at < 8; at++) expect(new Set(typed.map((code) => code[at])).size).toBe(10);
  });
});

describe("a pairing", () => {
  it("is open for two minutes, a policy's for a week", async () => {
    const { door, clock, open } = await openDoor();
    expect(open()).toMatchObject({
      kind: "code",
      createdAt: "2026-11-26T10:00:00.000Z",
      expiresAt: "2026-11-26T10:02:00.000Z",
      triesLeft: 5,
    });
    expect(open({ kind: "policy", name: "work" })).toMatchObject({
      name: "work",
      expiresAt: "2026-12-03T10:00:00.000Z",
    });
    clock.nowMs += 2 * MINUTE - 1;
    expect(door.pairings.list().map(({ kind }) => kind)).toEqual(["code", "policy"]);
    clock.nowMs += 1;
    expect(door.pairings.list().map(({ kind }) => kind)).toEqual(["policy"]);
    clock.nowMs += 7 * DAY;
    expect(door.pairings.list()).toEqual([]);
  });

  it("shows its code once, and tells no event of it", async () => {
    const { door, outbox, open } = await openDoor();
    const { code } = open();
    expect(code).toMatch(/^[0-9]{8}$/);
    expect(door.pairings.list()[0]).not.toHaveProperty("code");
    expect(JSON.stringify(eventsOf(outbox))).not.toContain(code);
  });

  it("is one of eight at most; one that is over makes room", async () => {
    const { clock, open } = await openDoor();
    for (let n = 0; n < 8; n++) open();
    expect(() => open()).toThrow(expect.objectContaining({ code: "pairings_full" }));
    clock.nowMs += 2 * MINUTE;
    expect(open().triesLeft).toBe(5);
  });

  it("can be closed once", async () => {
    const { store, door, open } = await openDoor();
    const { id } = open();
    const close = (): void => store.write(() => door.pairings.close(id));
    close();
    expect(door.admits(ORIGIN)).toBe(false);
    expect(close).toThrow(expect.objectContaining({ code: "firefox_pairing_not_found" }));
  });
});

describe("a browser", () => {
  it("comes in once by a code, and from then on by its key", async () => {
    const { door, outbox, open } = await openDoor();
    expect(door.admits(ORIGIN)).toBe(false);
    const { id, code } = open({ name: "desk" });
    expect([door.admits(ORIGIN), door.admits(OTHER_ORIGIN)]).toEqual([true, true]);
    expect(door.openCodes(ORIGIN)).toEqual([{ pairingId: id, code }]);
    const key = door.pair({ pairingId: id, clientId: CLIENT_ID, origin: ORIGIN, info: INFO });
    expect(key).toMatch(/^[\w-]{43}$/);
    expect(door.keyOf(CLIENT_ID, ORIGIN)).toBe(key);
    expect([door.admits(ORIGIN), door.admits(OTHER_ORIGIN)]).toEqual([true, false]);
    expect(door.openCodes(ORIGIN)).toEqual([]);
    expect(door.pair({ pairingId: id, clientId: OTHER_ID, origin: OTHER_ORIGIN, info: INFO })).toBeUndefined();
    const [event] = eventsOf(outbox);
    expect(event).toMatchObject({
      type: "firefox.paired",
      data: { clientId: CLIENT_ID, pairingId: id, kind: "code", name: "desk" },
    });
    expect(JSON.stringify(eventsOf(outbox))).not.toContain(key);
    expect(JSON.stringify(door.clients.list())).not.toContain(key);
    expect(door.clients.find(CLIENT_ID)).toMatchObject({ name: "desk", origin: ORIGIN, info: INFO, methods: [] });
  });

  it("has its key for its Origin alone", async () => {
    const { door, enrol } = await openDoor();
    enrol();
    expect(door.keyOf(CLIENT_ID, OTHER_ORIGIN)).toBeUndefined();
    expect(door.keyOf(OTHER_ID, ORIGIN)).toBeUndefined();
  });

  it("does not come in by a code that is over, whatever was proved before", async () => {
    const { door, clock, open } = await openDoor();
    const { id } = open();
    clock.nowMs += 2 * MINUTE;
    expect([door.admits(ORIGIN), door.openCodes(ORIGIN)]).toEqual([false, []]);
    expect(door.pair({ pairingId: id, clientId: CLIENT_ID, origin: ORIGIN, info: INFO })).toBeUndefined();
    expect(door.clients.list()).toEqual([]);
  });

  it("is gone when it is revoked, and another one stays", async () => {
    const { store, door, outbox, enrol } = await openDoor();
    enrol();
    const otherKey = enrol({ clientId: OTHER_ID, origin: OTHER_ORIGIN });
    const told: unknown[] = [];
    door.clients.onRemove((id, reason) => told.push([id, reason]));
    store.write(() => door.clients.revoke(CLIENT_ID));
    expect([door.admits(ORIGIN), door.keyOf(CLIENT_ID, ORIGIN)]).toEqual([false, undefined]);
    expect(door.keyOf(OTHER_ID, OTHER_ORIGIN)).toBe(otherKey);
    expect(told).toEqual([[CLIENT_ID, "revoked"]]);
    expect(eventsOf(outbox).at(-1)).toMatchObject({
      type: "firefox.revoked",
      data: { clientId: CLIENT_ID, reason: "revoked" },
    });
    expect(() => store.write(() => door.clients.revoke(CLIENT_ID))).toThrow(
      expect.objectContaining({ code: "firefox_client_not_found" }),
    );
  });

  it("that pairs again keeps its name and what is known of it, and gets another key", async () => {
    const { store, door, enrol } = await openDoor();
    const removed: string[] = [];
    door.clients.onRemove((id) => removed.push(id));
    const first = enrol({ name: "desk" });
    store.write(() => door.clients.save(CLIENT_ID, { methods: ["tabs.list"] }));
    const second = enrol();
    expect(second).not.toBe(first);
    expect(door.keyOf(CLIENT_ID, ORIGIN)).toBe(second);
    expect(door.clients.list()).toMatchObject([{ name: "desk", methods: ["tabs.list"] }]);
    expect(removed).toEqual([]);
  });

  it("takes the place of the one whose Origin or id it has, and inherits nothing", async () => {
    const { store, door, enrol } = await openDoor();
    const removed: unknown[] = [];
    door.clients.onRemove((id, reason) => removed.push([id, reason]));
    enrol({ name: "desk" });
    enrol({ clientId: OTHER_ID, origin: ORIGIN });
    expect(door.clients.list().map(({ id, name }) => [id, name])).toEqual([[OTHER_ID, undefined]]);
    store.write(() => door.clients.save(OTHER_ID, { methods: ["tabs.list"] }));
    enrol({ clientId: OTHER_ID, origin: OTHER_ORIGIN });
    expect(door.clients.list()).toMatchObject([{ id: OTHER_ID, origin: OTHER_ORIGIN, methods: [] }]);
    expect(removed).toEqual([
      [CLIENT_ID, "replaced"],
      [OTHER_ID, "replaced"],
    ]);
    expect(door.admits(ORIGIN)).toBe(false);
  });

  it("is saved in parts", async () => {
    const { store, door, clock, enrol } = await openDoor();
    enrol();
    clock.nowMs += 1_000;
    const logins = [{ site: "chatgpt.com", adapter: "chatgpt", login: "in" as const }];
    store.write(() => {
      door.clients.touch(CLIENT_ID);
      door.clients.save(CLIENT_ID, { logins: logins as never });
      door.clients.save(CLIENT_ID, { methods: ["tabs.list"], info: { ...INFO, manifest: 3 } });
    });
    expect(door.clients.find(CLIENT_ID)).toMatchObject({
      logins,
      methods: ["tabs.list"],
      info: { manifest: 3 },
      pairedMs: clock.nowMs - 1_000,
      seenMs: clock.nowMs,
    });
  });
});

describe("wrong codes", () => {
  it("are counted on every code that is typed; the fifth closes all of them, and no policy's", async () => {
    const { door, open } = await openDoor();
    open();
    for (let n = 0; n < 3; n++) door.countWrongCode();
    open();
    open({ kind: "policy" });
    expect(door.pairings.list().map(({ kind, triesLeft }) => [kind, triesLeft])).toEqual([
      ["code", 2],
      ["code", 5],
      ["policy", 5],
    ]);
    door.countWrongCode();
    door.countWrongCode();
    expect(door.pairings.list().map(({ triesLeft }) => triesLeft)).toEqual([3, 5]);
    for (let n = 0; n < 9; n++) door.countWrongCode();
    expect(door.pairings.list().map(({ kind }) => kind)).toEqual(["policy"]);
  });
});

describe("a policy's code", () => {
  it("belongs to the Origin that used it first, until that has its key", async () => {
    const { door, open } = await openDoor();
    const { id, code } = open({ kind: "policy" });
    const pair = (clientId: string, origin: string) => door.pair({ pairingId: id, clientId, origin, info: INFO });
    const first = pair(CLIENT_ID, ORIGIN);
    expect(door.admits(OTHER_ORIGIN)).toBe(false);
    expect(door.openCodes(OTHER_ORIGIN)).toEqual([]);
    expect(pair(OTHER_ID, OTHER_ORIGIN)).toBeUndefined();
    // The key was lost on its way: the same browser comes again with the code.
    expect(door.openCodes(ORIGIN)).toEqual([{ pairingId: id, code }]);
    const second = pair(CLIENT_ID, ORIGIN);
    expect([second === first, door.keyOf(CLIENT_ID, ORIGIN)]).toEqual([false, second]);
    door.settle(ORIGIN);
    expect([door.openCodes(ORIGIN), pair(CLIENT_ID, ORIGIN), door.pairings.list()]).toEqual([[], undefined, []]);
    expect(door.keyOf(CLIENT_ID, ORIGIN)).toBe(second);
  });

  it("is worth nothing to a browser that was revoked before it had spoken with its key", async () => {
    const { door, store, open } = await openDoor();
    open({ kind: "policy" });
    const { id } = open({ kind: "policy" });
    const pair = () => door.pair({ pairingId: id, clientId: CLIENT_ID, origin: ORIGIN, info: INFO });
    pair();
    store.write(() => door.clients.revoke(CLIENT_ID));
    expect([pair(), door.pairings.list().length]).toEqual([undefined, 1]);
    door.pairings.list().forEach((other) => store.write(() => door.pairings.close(other.id)));
    expect(door.admits(ORIGIN)).toBe(false);
  });

  it("that nobody used stays when some browser settles", async () => {
    const { door, open, enrol } = await openDoor();
    open({ kind: "policy" });
    enrol();
    door.settle(ORIGIN);
    expect(door.pairings.list().map(({ kind }) => kind)).toEqual(["policy"]);
  });
});

it("everything survives a restart, the server's name included", async () => {
  const before = await openDoor();
  const key = before.enrol({ name: "desk" });
  const { id } = before.open();
  before.store.close();
  const after = await openDoor(before.file);
  expect(after.door.serverId).toBe(before.door.serverId);
  expect(after.door.serverId).toMatch(/^srv_[0-9a-f]{32}$/);
  expect(after.door.keyOf(CLIENT_ID, ORIGIN)).toBe(key);
  expect(after.door.pairings.list().map((one) => one.id)).toEqual([id]);
});

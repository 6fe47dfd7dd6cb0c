import { afterEach, expect, it, vi } from "vitest";
import { OpenWork } from "../../src/codex-link/open-work.ts";
import { ControlService } from "../../src/control/control-service.ts";
import { eventsOf, openStore, type TestStore } from "../support/store.ts";

afterEach(() => void vi.useRealTimers());

const serviceOn = ({ store, outbox }: TestStore): ControlService =>
  new ControlService({
    store,
    outbox,
    openWork: new OpenWork(store),
    nowMs: Date.now,
    onExpiryFault: (error) => {
      throw error;
    },
  });

it("a reason, its event and the mode are one change, and outlive a restart", async () => {
  const first = await openStore();
  const control = serviceOn(first);
  const reason = control.reason({ id: "operator", mode: "paused", by: "shared", note: "lunch" });
  const said = first.store.write(() => control.change({ kind: "set", reason }));

  expect([said.mode, said.idle, control.mode()]).toEqual(["paused", true, "paused"]);
  expect(eventsOf(first.outbox)).toMatchObject([
    {
      type: "control.changed",
      data: { from: "running", mode: "paused", reasons: [{ id: "operator", note: "lunch" }] },
    },
  ]);
  first.store.close();
  const again = serviceOn(await openStore(first.file));
  expect(again.view()).toMatchObject({ mode: "paused", reasons: [{ id: "operator", by: "shared" }] });
});

it("holds 64 reasons at most; one that is there already may still be replaced, and one taken back makes room", async () => {
  const opened = await openStore();
  const control = serviceOn(opened);
  const set = (id: string) =>
    opened.store.write(() =>
      control.change({ kind: "set", reason: control.reason({ id, mode: "paused", by: "shared" }) }),
    );
  for (let n = 0; n < 64; n += 1) set(`reason-${n}`);
  expect(() => set("one-more")).toThrow(expect.objectContaining({ code: "reasons_full", status: 409 }));
  expect(set("reason-7").reasons).toHaveLength(64);
  opened.store.write(() => control.change({ kind: "take back", id: "reason-7" }));
  expect(set("one-more").reasons).toHaveLength(64);
});

it("a change that fails on its way to the disk has not happened", async () => {
  const opened = await openStore();
  const control = serviceOn(opened);
  const failing = (): void =>
    opened.store.write(() => {
      control.change({ kind: "set", reason: control.reason({ id: "x", mode: "draining", by: "shared" }) });
      throw new Error("on purpose");
    });
  expect(failing).toThrow("on purpose");
  expect([control.mode(), eventsOf(opened.outbox)]).toEqual(["running", []]);
});

it("a reason with a term goes by itself and tells so; a dead script leaves nothing closed", async () => {
  vi.useFakeTimers();
  const opened = await openStore();
  const control = serviceOn(opened);
  control.start();
  const reason = control.reason({ id: "restart:1", mode: "draining", by: "shared", ttlMs: 1000 });
  opened.store.write(() => control.change({ kind: "set", reason }));
  vi.advanceTimersByTime(999);
  expect(control.mode()).toBe("draining");
  vi.advanceTimersByTime(2);
  expect(control.mode()).toBe("running");
  expect(eventsOf(opened.outbox).map(({ data }) => (data as { mode: string }).mode)).toEqual(["draining", "running"]);
  control.stop();
});

it("a reason that ran out while nobody was here is taken back at the start", async () => {
  const opened = await openStore();
  const control = serviceOn(opened);
  const past = {
    ...control.reason({ id: "x", mode: "draining", by: "shared" }),
    expiresAt: "2020-01-01T00:00:00.000Z",
  };
  opened.store.write(() => control.change({ kind: "set", reason: past }));
  const again = serviceOn(opened);
  expect(again.mode()).toBe("running");
  again.start();
  expect(opened.store.database.prepare("SELECT id FROM control_reasons").all()).toEqual([]);
  again.stop();
});

import { describe, expect, it, onTestFinished } from "vitest";
import { LateListener } from "../../src/server/late-listener.ts";

const AT = { host: "100.71.210.78", port: 4317 };
const fault = (code: string): Error => Object.assign(new Error(code), { code });

/** A machine that answers each try with the next fault; undefined = it has the address. */
function machine(faults: readonly (string | undefined)[]) {
  const tries: number[] = [];
  const faultsTold: string[] = [];
  let served: () => void = () => undefined;
  const listening = new Promise<void>((resolve) => (served = resolve));
  const late = new LateListener(AT, {
    listen: async () => {
      const code = faults[tries.length];
      tries.push(1);
      if (code !== undefined) throw fault(code);
    },
    retryMs: { initialMs: 1, maxMs: 5 },
    onListening: () => served(),
    onFault: (error) => faultsTold.push(error.message),
  });
  onTestFinished(() => late.stop());
  return { late, tries, faultsTold, listening };
}

describe("an address that comes up late", () => {
  it("is served at once when it is there", async () => {
    const { late, listening, tries } = machine([undefined]);
    await late.start();
    await listening;
    expect(tries).toHaveLength(1);
  });

  it("is tried again while the machine does not have it, without a word", async () => {
    const { late, listening, tries, faultsTold } = machine([
      "EADDRNOTAVAIL",
      "EADDRNOTAVAIL",
      "EADDRNOTAVAIL",
      undefined,
    ]);
    await late.start();
    expect(tries).toHaveLength(1);
    await listening;
    expect([tries.length, faultsTold]).toEqual([4, []]);
  });

  it("that is taken is said at the start", async () => {
    await expect(machine(["EADDRINUSE"]).late.start()).rejects.toThrow("EADDRINUSE");
  });

  it("that is taken later is told once, and tried again", async () => {
    const { late, listening, faultsTold } = machine(["EADDRNOTAVAIL", "EADDRINUSE", "EADDRINUSE", undefined]);
    await late.start();
    await listening;
    expect(faultsTold).toEqual(["EADDRINUSE"]);
  });

  it("is not tried any more after a stop", async () => {
    const { late, tries } = machine(Array.from({ length: 100 }, () => "EADDRNOTAVAIL"));
    await late.start();
    late.stop();
    const before = tries.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(tries.length).toBe(before);
  });
});

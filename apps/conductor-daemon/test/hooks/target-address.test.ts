import { describe, expect, it } from "vitest";
import { refusalOf } from "../../src/hooks/target-address.ts";

const own = {
  addresses: ["127.0.0.1", "::1", "100.71.210.78", "192.168.1.9", "fd00::9"],
  ports: new Set([4317, 4319]),
};
const may = (address: string, port: number, isTls = false): boolean =>
  refusalOf({ address, port, isTls }, own) === undefined;

describe("our own services are never reached by a hook", () => {
  it.each([
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "100.71.210.78",
    "::ffff:100.71.210.78",
    "192.168.1.9",
    "fd00::9",
  ])("at %s", (address) => {
    expect([may(address, 4317), may(address, 4319), may(address, 4319, true)]).toEqual([false, false, false]);
    expect(may(address, 8080)).toBe(true);
  });

  it("but another machine's port of that number may be", () => {
    expect([may("192.168.1.10", 4317), may("203.0.113.7", 4319, true)]).toEqual([true, true]);
  });
});

describe("plain HTTP goes to this machine and private networks only", () => {
  it.each(["10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.7.7", "100.64.0.1", "100.127.255.255", "fd12::1"])(
    "to %s",
    (address) => expect(may(address, 80)).toBe(true),
  );
  it.each(["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.169.0.1", "2001:db8::1", "::ffff:8.8.8.8"])(
    "not to %s, which https reaches",
    (address) => expect([may(address, 80), may(address, 443, true)]).toEqual([false, true]),
  );
});

it.each(["0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::", "fe80::1", "ff02::1", "", "localhost"])(
  "%j is no address for a hook at all",
  (address) => expect([may(address, 80), may(address, 443, true)]).toEqual([false, false]),
);

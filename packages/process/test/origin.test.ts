import { expect, it } from "vitest";
import { httpOrigin, listenAddresses, loopbackOrigin, originOf } from "../src/index.ts";

it.each([
  ["http://127.0.0.1:4317", { host: "127.0.0.1", port: 4317 }],
  ["http://localhost:0", { host: "127.0.0.1", port: 0 }],
  ["http://100.71.210.78:4317/", { host: "100.71.210.78", port: 4317 }],
  ["http://[::1]:4319", { host: "::1", port: 4319 }],
  ["http://10.0.0.1", { host: "10.0.0.1", port: 80 }],
])("%s is an address", (value, origin) => {
  expect(originOf(value)).toEqual(origin);
});

it.each([
  "https://127.0.0.1:1",
  "http://example.net:1",
  "http://u:p@127.0.0.1:1",
  "http://127.0.0.1:1/x",
  "http://127.0.0.1:1?a",
  "127.0.0.1:1",
])("%s is none", (value) => {
  expect(originOf(value)).toBeUndefined();
  expect(httpOrigin.safeParse(value).success).toBe(false);
});

it("codexd's is on loopback", () => {
  const fits = (value: string): boolean => loopbackOrigin.safeParse(value).success;
  expect(["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "http://10.0.0.1:1"].map(fits)).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

it("a daemon listens on loopback first, and once", () => {
  expect(listenAddresses({ host: "127.0.0.1", port: 5 })).toEqual([{ host: "127.0.0.1", port: 5 }]);
  expect(listenAddresses({ host: "100.64.0.1", port: 5 })).toEqual([
    { host: "127.0.0.1", port: 5 },
    { host: "100.64.0.1", port: 5 },
  ]);
});

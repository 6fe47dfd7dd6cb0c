// What is asked of a service and where, and how its process is known.
import { expect, test } from "vitest";
import { healthUrl, nodeProbes } from "../../runtime/lib/probes.mjs";
import { asPsShows } from "../../runtime/lib/process-match.mjs";

const conductor = { addressVariable: "BAA_CONDUCTOR_LOCAL_API", port: 4317, healthPath: "/healthz", hasProbe: true };
const statusApi = { addressVariable: "BAA_STATUS_API_HOST", port: 4318, healthPath: "/healthz", hasProbe: true };

test.each([
  [
    "an address of this machine",
    conductor,
    { BAA_CONDUCTOR_LOCAL_API: "http://100.71.210.78:4317" },
    "http://100.71.210.78:4317/healthz",
  ],
  [
    "a tunnel's address that is not there yet",
    conductor,
    { BAA_CONDUCTOR_LOCAL_API: "http://100.9.9.9:5000" },
    "http://127.0.0.1:5000/healthz",
  ],
  ["loopback", conductor, { BAA_CONDUCTOR_LOCAL_API: "http://127.7.0.1:4317/" }, "http://127.7.0.1:4317/healthz"],
  ["IPv6", conductor, { BAA_CONDUCTOR_LOCAL_API: "http://[fd00::1]:4317" }, "http://[fd00::1]:4317/healthz"],
  [
    "IPv6 that is not there",
    conductor,
    { BAA_CONDUCTOR_LOCAL_API: "http://[fd00::2]:4317" },
    "http://127.0.0.1:4317/healthz",
  ],
  [
    "a host with the table's port",
    statusApi,
    { BAA_STATUS_API_HOST: "100.71.210.78" },
    "http://100.71.210.78:4318/healthz",
  ],
  [
    "a host with a port",
    statusApi,
    { BAA_STATUS_API_HOST: "127.0.0.1", BAA_STATUS_API_PORT: "5318" },
    "http://127.0.0.1:5318/healthz",
  ],
  ["nothing", statusApi, {}, "http://127.0.0.1:4318/healthz"],
])("health is asked at %s", (_name, row, environment, url) => {
  expect(healthUrl(row, new Map(Object.entries(environment)), ["100.71.210.78", "fd00::1"])).toBe(url);
});

test("a service without a probe has no health", () => {
  expect(healthUrl({ hasProbe: false }, new Map())).toBeUndefined();
});

test("a role that is expected is the only good one; else both are", () => {
  const role = (expected) => nodeProbes("conductor", expected).find(({ path }) => path === "/rolez");
  expect(["leader\n", "standby\n", "x"].map((body) => role().isGood({ body }))).toEqual([true, true, false]);
  expect(["leader\n", "standby\n"].map((body) => role("standby").isGood({ body }))).toEqual([false, true]);
  expect(nodeProbes("conductor").map(({ path }) => path)).toEqual(["/healthz", "/readyz", "/rolez"]);
  expect(nodeProbes("worker-runner")).toEqual([]);
});

test("a command line as ps of macOS shows it where the terminal cannot show more", () => {
  expect(asPsShows("/home of o'brien & söhne/中/index.js start")).toBe(
    "/home of o'brien & sM-CM-6hne/M-dM-8M--/index.js start",
  );
});

import { expect, test } from "vitest";
import { readResidentMemory, readVersion } from "../../src/supervisor/replies.ts";

test.each([
  ["codexlab/0.169.0 (Debian 12.0.0; x86_64) xterm (codexlab; 0.0.1)", "0.169.0"],
  ["codexd/0.170.0-alpha.3 (Mac OS 15.1; arm64)", "0.170.0-alpha.3"],
  ["a/b/1.2.3 (x)", "1.2.3"],
  ["something else", "unknown"],
])("the version in %j is %s", (userAgent, version) => {
  expect(readVersion({ userAgent, codexHome: "/x", more: 1 })).toBe(version);
});

test.each([[null], [{}], [{ userAgent: "" }], [{ userAgent: 7 }], ["codexd/1.2.3"]])(
  "%j is no reply to initialize",
  (reply) => {
    expect(readVersion(reply)).toBeUndefined();
  },
);

test("resident memory is read when it is told", () => {
  expect(readResidentMemory({ process: { id: 1, residentMemoryBytes: 82_784_256 }, gauges: [] })).toBe(82_784_256);
  expect(readResidentMemory({ process: { id: 1, residentMemoryBytes: null }, gauges: [] })).toBeUndefined();
  expect(readResidentMemory({})).toBeUndefined();
});

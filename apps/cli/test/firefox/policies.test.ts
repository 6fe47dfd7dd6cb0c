import { expect, test } from "vitest";
import { parsePolicies, withOurs } from "../../src/firefox/policies.ts";
import { placeToInstall, policyPlaces } from "../../src/firefox/policy-places.ts";

const INPUT = { url: "ws://127.0.0.1:4317/ws/firefox", pairingCode: "abc", xpi: "/opt/baa/x.xpi" };
const ID = "conductor@baa-conductor";
const OURS = {
  Preferences: { "xpinstall.signatures.required": { Value: false, Status: "locked" } },
  ExtensionSettings: { [ID]: { installation_mode: "force_installed", install_url: "file:///opt/baa/x.xpi" } },
  "3rdparty": { Extensions: { [ID]: { url: INPUT.url, pairingCode: "abc" } } },
};
const put = (text: string) => withOurs({ file: "p.json", value: parsePolicies({ file: "p.json", text }) }, INPUT);

test("ours alone", () => {
  expect(withOurs({ file: "", value: {} }, INPUT)).toEqual({ policies: OURS });
  expect(put("{}")).toEqual({ policies: OURS });
});

test("all else stays, at every depth; ours of before is replaced", () => {
  const former = {
    note: "mine",
    policies: {
      DisableTelemetry: true,
      Preferences: { "a.b": { Value: 1 }, "xpinstall.signatures.required": true },
      ExtensionSettings: { "*": { installation_mode: "allowed" }, [ID]: { install_url: "file:///old", pinned: true } },
      "3rdparty": { Extensions: { other: { k: 1 }, [ID]: { pairingCode: "old" } } },
    },
  };
  expect(put(`\uFEFF${JSON.stringify(former)}`)).toEqual({
    note: "mine",
    policies: {
      DisableTelemetry: true,
      Preferences: { "a.b": { Value: 1 }, ...OURS.Preferences },
      ExtensionSettings: {
        "*": { installation_mode: "allowed" },
        [ID]: { ...OURS.ExtensionSettings[ID], pinned: true },
      },
      "3rdparty": { Extensions: { other: { k: 1 }, ...OURS["3rdparty"].Extensions } },
    },
  });
});

test.each([
  ["{ policies: 1 }", /^p\.json is left as it is: it is no JSON/],
  ["[]", /it holds no JSON object/],
  ['{"policies": []}', /its `policies` is no object/],
  ['{"policies": {"ExtensionSettings": "{}"}}', /policies\.ExtensionSettings is no object/],
  ['{"policies": {"3rdparty": {"Extensions": 1}}}', /policies\.3rdparty\.Extensions is no object/],
])("%s is refused", (text, why) => {
  expect(() => put(text)).toThrow(why);
});

test("where Firefox looks: for the machine on Linux, in each installation on macOS", () => {
  const linux = policyPlaces({ platform: "linux", homeDir: "/h", exists: (dir) => dir === "/usr/lib/firefox-esr" });
  expect(linux).toEqual({
    machine: "/etc/firefox/policies/policies.json",
    installations: ["/usr/lib/firefox-esr/distribution/policies.json"],
  });
  expect(placeToInstall(linux)).toBe("/etc/firefox/policies/policies.json");
  const apps = ["/Applications/Firefox ESR.app", "/h/Applications/Firefox.app"];
  const mac = policyPlaces({ platform: "darwin", homeDir: "/h", exists: (dir) => apps.includes(dir) });
  expect(mac.installations).toEqual([
    "/Applications/Firefox ESR.app/Contents/Resources/distribution/policies.json",
    "/h/Applications/Firefox.app/Contents/Resources/distribution/policies.json",
  ]);
  expect(placeToInstall(mac)).toBeUndefined();
  expect(placeToInstall({ ...mac, installations: ["/one"] })).toBe("/one");
});

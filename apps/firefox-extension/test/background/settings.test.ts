import { expect, test } from "vitest";
import { Settings } from "../../src/background/settings.ts";
import { fakeStorage } from "./support/fake-storage.ts";

const load = async (storage = fakeStorage()) => {
  const settings = new Settings(storage);
  await settings.load();
  return settings;
};

test("a browser makes its id once and keeps it", async () => {
  const storage = fakeStorage();
  const first = await load(storage);
  expect(first.clientId).toMatch(/^ffx_[0-9a-f]{32}$/);
  expect((await load(storage)).clientId).toBe(first.clientId);
});

test("the address: the usual one, the user's, the policy's", async () => {
  const storage = fakeStorage();
  const settings = await load(storage);
  expect(settings.url).toBe("ws://127.0.0.1:4317/ws/firefox");
  await settings.setUrl("ws://127.0.0.1:5000/ws/firefox");
  expect((await load(storage)).url).toBe("ws://127.0.0.1:5000/ws/firefox");
  await settings.setUrl(undefined);
  expect((await load(storage)).url).toBe("ws://127.0.0.1:4317/ws/firefox");
  const managed = await load(fakeStorage({ url: "wss://conductor.example/ws/firefox" }));
  expect([managed.url, managed.isUrlManaged]).toEqual(["wss://conductor.example/ws/firefox", true]);
  const broken = await load(fakeStorage({ url: "conductor" }));
  expect([broken.url, broken.isUrlManaged]).toEqual(["ws://127.0.0.1:4317/ws/firefox", false]);
});

test("the code of a policy is worth one try, until the policy has another", async () => {
  const storage = fakeStorage({ pairingCode: "11112222" });
  const settings = await load(storage);
  expect(settings.policyCode).toBe("11112222");
  await settings.setKey("k");
  expect(settings.policyCode).toBeUndefined();
  await settings.forgetKey("revoked");
  expect([settings.policyCode, settings.noKeyWhy]).toEqual([undefined, "revoked"]);
  const next = await load({ ...storage, managed: fakeStorage({ pairingCode: "33334444" }).managed });
  expect(next.policyCode).toBe("33334444");
  await next.refusePolicyCode();
  expect([next.policyCode, next.noKeyWhy]).toEqual([undefined, "policyRefused"]);
});

test("damaged settings are none", async () => {
  const storage = fakeStorage();
  storage.local.items.set("clientId", 5);
  storage.local.items.set("key", "k");
  expect((await load(storage)).key).toBeUndefined();
});

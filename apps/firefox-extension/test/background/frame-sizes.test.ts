import { FIREFOX_LIMITS, readClientFrame } from "@baa/contracts/firefox";
import { expect, test } from "vitest";
import { MethodFault } from "../../src/background/methods/method.ts";
import { UserEvents } from "../../src/background/user/user-events.ts";
import { FakeBackground, FakeLink } from "./support/fake-background.ts";
import { cmd } from "./support/fake-server.ts";
import { FakeArea } from "./support/fake-storage.ts";

// A frame that conductor does not take ends the connection, and what it carried comes again with the next one.

test("why something was not done is told however long the reason is", async () => {
  const background = new FakeBackground();
  const link = await background.connected();
  background.commands.onCommand(cmd("page.fetch", { params: { url: "https://example.org/" } }));
  (await background.work()).fail(new MethodFault("fetch_failed", `${"x".repeat(8_000)} is no address.`));
  const result = await link.frame("result");
  expect(result.error?.code).toBe("fetch_failed");
  expect(readClientFrame(JSON.stringify(result))).toEqual(result);
});

test("a page that makes its title and its address long is sent all the same", async () => {
  const events = new UserEvents(new FakeArea());
  const link = new FakeLink();
  await events.connect(link);
  const long = "x".repeat(FIREFOX_LIMITS.frameBytes);
  await events.add({ kind: "page", url: `https://example.org/#${long}`, title: long, text: "Hello" });
  const evt = await link.frame("evt");
  expect(JSON.stringify(evt).length).toBeLessThan(FIREFOX_LIMITS.frameBytes);
  expect([evt.url.length, evt.title.length, evt.text]).toEqual([8_192, 1_024, "Hello"]);
});

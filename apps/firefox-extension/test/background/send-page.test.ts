import { expect, test } from "vitest";
import type { Background } from "../../src/background/app.ts";
import { sendFromTab } from "../../src/background/popup-channel.ts";
import { UserEvents } from "../../src/background/user/user-events.ts";
import { FakeArea } from "./support/fake-storage.ts";

const TAB = { id: 7, url: "https://example.org/", title: "Example" };
const PAGE = { url: "https://example.org/", title: "Example", text: "Hello" };

const sending = (read: (settings: { key: string | undefined }) => void) => {
  const events = new UserEvents(new FakeArea());
  const settings = { key: "the key of this pairing" as string | undefined };
  const run = () => {
    read(settings);
    return Promise.resolve(PAGE);
  };
  const reply = sendFromTab({ events, run, settings } as unknown as Background, "sendPage", TAB);
  return { events, reply };
};

test("a page that the user sends is kept for conductor", async () => {
  const { events, reply } = sending(() => undefined);
  expect([await reply, events.waiting]).toEqual([undefined, 1]);
});

test("the pairing ends while the page is read: it is kept for no other conductor", async () => {
  const { events, reply } = sending((settings) => (settings.key = undefined));
  expect([await reply, events.waiting]).toEqual(["This browser is not paired: nobody would get it.", 0]);
});

import { expect, test } from "vitest";
import type { Background } from "../../src/background/app.ts";
import { answerPopup } from "../../src/background/popup-channel.ts";

test.each([
  ["ws://127.0.0.1:4317", "ws://127.0.0.1:4317/ws/firefox"],
  [" ws://127.0.0.1:4317/ws/firefox ", "ws://127.0.0.1:4317/ws/firefox"],
  ["ws://127.0.0.1:4317/ws/firefox#there", "ws://127.0.0.1:4317/ws/firefox"],
  ["http://127.0.0.1:4317", undefined],
])("the address %j that the user types", async (typed, stored) => {
  const dialled: (string | undefined)[] = [];
  let address: string | undefined;
  const settings = { isUrlManaged: false, setUrl: async (url: string | undefined) => void (address = url) };
  const dialer = { redial: () => void dialled.push(address) };
  const background = { dialer, settings } as unknown as Background;
  const reply = await answerPopup(background, { do: "setUrl", url: typed });
  expect([(reply as { ok?: boolean }).ok, dialled]).toEqual(stored === undefined ? [false, []] : [true, [stored]]);
});

import { beforeAll, describe } from "vitest";
import { chatTests } from "./bridge/chat.ts";
import { clientTests } from "./bridge/clients.ts";
import { doorTests } from "./bridge/door.ts";
import { pageTests } from "./bridge/pages.ts";
import { HEARTBEAT_MS, restartTests } from "./bridge/restarts.ts";
import { MANIFESTS } from "./support/operators-firefox.ts";
import { useBridges } from "./support/use-bridge.ts";

// The extension as it is packed, in real Firefox, and the real conductor. All themes share one browser of each manifest,
// whose start would take longer than most of them.

const bridges = useBridges({
  isPaired: false,
  env: { BAA_CONDUCTOR_FIREFOX_HEARTBEAT_MS: String(HEARTBEAT_MS) },
});

describe.each(MANIFESTS)("MV%i", (manifest) => {
  const bridge = bridges(manifest);
  describe("the door", () => {
    doorTests(bridge, manifest);
  });
  describe("paired", () => {
    beforeAll(() => bridge().operators.ensurePaired(bridge().desk));
    describe("tabs and pages", () => {
      pageTests(bridge);
    });
    describe("chats", () => {
      chatTests(bridge, manifest);
    });
    describe("restarts and silences", () => {
      restartTests(bridge);
    });
    describe("two browsers", () => {
      clientTests(bridge, manifest);
    });
  });
});

import { beforeAll, describe } from "vitest";
import type { ManifestVersion } from "../support/packed.ts";
import { useBridge } from "../support/use-bridge.ts";
import { chatTests } from "./chat.ts";
import { clientTests } from "./clients.ts";
import { doorTests } from "./door.ts";
import { pageTests } from "./pages.ts";
import { HEARTBEAT_MS, restartTests } from "./restarts.ts";

/**
 * The extension as it is packed, in real Firefox, and the real conductor. All themes share one browser, whose start
 * would take longer than most of them; the two manifests are two files, so that they run beside each other.
 */
export const bridgeTests = (manifest: ManifestVersion): void => {
  const env = { BAA_CONDUCTOR_FIREFOX_HEARTBEAT_MS: String(HEARTBEAT_MS) };
  const bridge = useBridge(manifest, { isPaired: false, env });
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
};

import { describe } from "vitest";
import { bridgeTests } from "./bridge/all.ts";

describe("MV2", () => {
  bridgeTests(2);
});

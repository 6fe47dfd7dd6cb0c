import { describe } from "vitest";
import { bridgeTests } from "./bridge/all.ts";

describe("MV3", () => {
  bridgeTests(3);
});

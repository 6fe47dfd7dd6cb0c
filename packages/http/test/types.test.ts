import type { Logger } from "@baa/process";
import { systemClock } from "@baa/process";
import type { EventLog } from "@baa/storage";
import { expectTypeOf, it } from "vitest";
import type { EventSource, GuardOptions, HttpLogger } from "../src/index.ts";

it("the event log is an event source but for its snapshot; our logger and clock fit", () => {
  expectTypeOf<EventLog>().toExtend<Omit<EventSource, "snapshot">>();
  expectTypeOf<Logger>().toExtend<HttpLogger>();
  expectTypeOf(systemClock).toExtend<GuardOptions["clock"]>();
});

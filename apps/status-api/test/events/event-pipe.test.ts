import { expect, it } from "vitest";
import { upstreamTarget } from "../../src/events/event-pipe.ts";

it.each([
  ["/v1/events", "/v1/codex/events"],
  ["/v1/events?source=codex", "/v1/codex/events"],
  ["/v1/events?source=conductor", "/v1/events"],
  ["/v1/events?after=log_1:5&source=codex&types=turn.*", "/v1/codex/events?after=log_1%3A5&types=turn.*"],
  ["/v1/events?sessionId=ses_1&unknown=x", "/v1/codex/events?sessionId=ses_1&unknown=x"],
])("%s is conductor's %s", (ours, theirs) => {
  expect(upstreamTarget(ours)).toBe(theirs);
});

it.each(["source=", "source=codexd", "source=codex&source=conductor", "source=../x"])("%s is refused", (query) => {
  expect(() => upstreamTarget(`/v1/events?${query}`)).toThrow(expect.objectContaining({ code: "invalid" }));
});

import { verb } from "../verb.ts";

export const status = verb<[], object>({
  name: "status",
  group: "operate",
  summary: "all services at one glance",
  about: ["Asks conductor, codexd and status-api each by itself, so that a dead one hides nothing of the others."],
  json: "`{status: healthy|degraded|down, problems, services: {conductor, codexd, statusApi}}`; each has `state`, `address` and what it says of itself",
  exits: {
    ok: "healthy: all are up and ready",
    degraded: "degraded: something is not, and turns can be asked for",
    unavailable: "down: neither conductor nor codexd serves",
  },
  run: async (context) => (await import("../status/status.ts")).status(context),
});

import type { Capabilities, CONDUCTOR_OWN_ROUTES, ControlReply, Runtime, SetReason } from "@baa/contracts";
import { type HandlerReply, type Handlers, readyzReply, requestMark, type RouteContext } from "@baa/http";
import type * as z from "zod";
import type { ControlInput } from "../control/control-machine.ts";
import type { Core } from "../core.ts";
import type { StoredReply } from "../store/replies.ts";
import type { Readiness } from "../readiness.ts";
import { firefoxHandlers } from "./firefox-handlers.ts";

export interface HandlerDependencies {
  readonly readiness: Readiness;
  readonly runtime: (full: boolean) => Runtime;
  readonly capabilities: () => Capabilities;
  readonly metrics: () => Promise<HandlerReply>;
  readonly openapi: () => unknown;
}

/** One handler for each row that conductor answers itself. */
export const createHandlers = (o: HandlerDependencies): Handlers<typeof CONDUCTOR_OWN_ROUTES> => ({
  healthz: () => ({ body: "ok\n" }),
  rolez: () => ({ body: `${o.readiness.role}\n` }),
  readyz: () => readyzReply(o.readiness.reasons()),
  openapi: () => ({ body: o.openapi() }),
  metrics: o.metrics,
  runtime: (c) => ({
    body: o.runtime(c.credential?.scopes.has("read") === true || c.credential?.scopes.has("admin") === true),
  }),
  capabilities: () => ({ body: o.capabilities() }),
  logs: async (c) => ({ body: await o.readiness.leading().logs.page(c.query, c.signal) }),
  hooks: () => ({ body: o.readiness.leading().hooks.list() }),
  hookDeliveries: (c) => ({ body: o.readiness.leading().hooks.deliveries(c.params.hookId, c.query) }),
  testHook: (c) => {
    const { hooks } = o.readiness.leading();
    return once(o.readiness.leading(), c, () => ({ status: 202, body: { delivery: hooks.test(c.params.hookId) } }));
  },
  redeliver: (c) => {
    const { hooks } = o.readiness.leading();
    const { hookId, deliveryId } = c.params;
    const work = () => ({ status: 202, body: { delivery: hooks.sendAgain(hookId, deliveryId) } });
    return once(o.readiness.leading(), c, work);
  },
  readControl: () => ({ body: controlReply(o.readiness.leading()) }),
  pause: (c) => setReason(o.readiness.leading(), c, "paused"),
  drain: (c) => setReason(o.readiness.leading(), c, "draining"),
  resume: (c) => {
    const { id, all } = c.body;
    return change(o.readiness.leading(), c, () => (all ? { kind: "take all back" } : { kind: "take back", id }));
  },
  ...firefoxHandlers({ core: () => o.readiness.leading(), once }),
});

const controlReply = (core: Core): z.infer<typeof ControlReply> => ({ control: core.control.view() });

const setReason = (
  core: Core,
  c: RouteContext<unknown, unknown, SetReason>,
  mode: "paused" | "draining",
): HandlerReply => {
  const { id, ttlMs, note } = c.body;
  const by = c.credential?.id ?? "none";
  const more = { ...(ttlMs === undefined ? {} : { ttlMs }), ...(note === undefined ? {} : { note }) };
  return change(core, c, () => ({ kind: "set", reason: core.control.reason({ id, mode, by, ...more }) }));
};

const change = (core: Core, c: RouteContext, input: () => ControlInput): HandlerReply =>
  once(core, c, () => ({ status: 200, body: { control: core.control.change(input()) } }));

/** Does it in one transaction with the stored reply; a repeated request with the same key gets that reply. */
const once = (core: Core, c: RouteContext, work: () => StoredReply): StoredReply => {
  const { idempotencyKey: key, canonicalPath, credential, request, body } = c;
  const mark =
    key === undefined
      ? undefined
      : requestMark({ key, credentialId: credential?.id ?? "none", method: request.method, canonicalPath, body });
  return core.replies.once(mark, work);
};

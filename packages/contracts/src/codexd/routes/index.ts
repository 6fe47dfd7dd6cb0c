import { defineRoutes } from "../../route.ts";
import { ACCOUNT_ROUTES } from "./account.ts";
import { APPROVAL_ROUTES } from "./approvals.ts";
import { CHILD_ROUTES } from "./child.ts";
import { EVENT_ROUTES } from "./events.ts";
import { HEALTH_ROUTES } from "./health.ts";
import { RUN_ROUTES } from "./runs.ts";
import { SESSION_ROUTES } from "./sessions.ts";
import { TURN_ROUTES } from "./turns.ts";

/** The prefix of codexd's own routes. */
export const CODEXD_PREFIX = "/v1/codexd";

/** Every route that codexd serves. */
export const CODEXD_ROUTES = defineRoutes({
  ...HEALTH_ROUTES,
  ...SESSION_ROUTES,
  ...TURN_ROUTES,
  ...RUN_ROUTES,
  ...APPROVAL_ROUTES,
  ...ACCOUNT_ROUTES,
  ...EVENT_ROUTES,
  ...CHILD_ROUTES,
});
export type CodexdRouteName = keyof typeof CODEXD_ROUTES;

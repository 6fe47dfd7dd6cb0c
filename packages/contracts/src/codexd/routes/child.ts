import { defineRoutes } from "../../route.ts";
import * as child from "../child.ts";

/** The supervised child itself. */
export const CHILD_ROUTES = defineRoutes({
  resetChild: {
    method: "POST",
    path: "/v1/codexd/child/reset",
    summary: "Restart the Codex child now; refused while turns are in progress unless forced",
    scope: "admin",
    body: child.ResetChild,
    reply: { status: 202, schema: child.ResetChildReply },
  },
});

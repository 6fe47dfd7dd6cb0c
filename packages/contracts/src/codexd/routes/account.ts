import { defineRoutes } from "../../route.ts";
import * as account from "../account.ts";

/** What the child knows of models, its login and its limits. */
export const ACCOUNT_ROUTES = defineRoutes({
  listModels: {
    method: "GET",
    path: "/v1/codexd/models",
    summary: "Models that Codex offers",
    scope: "read",
    reply: { status: 200, schema: account.ModelList },
  },
  readAccount: {
    method: "GET",
    path: "/v1/codexd/account",
    summary: "Codex's login, and a login that is under way",
    scope: "read",
    reply: { status: 200, schema: account.AccountReply },
  },
  readUsage: {
    method: "GET",
    path: "/v1/codexd/usage",
    summary: "Rate limits of the account, and tokens used by turns in the window",
    scope: "read",
    reply: { status: 200, schema: account.UsageReply },
  },
  login: {
    method: "POST",
    path: "/v1/codexd/account/login",
    summary: "Log Codex in with an API key, in a browser, or by a device code",
    scope: "admin",
    body: account.Login,
    reply: { status: 202, schema: account.LoginReply },
  },
  logout: {
    method: "POST",
    path: "/v1/codexd/account/logout",
    summary: "Log Codex out",
    scope: "admin",
    body: account.NoBody,
    reply: { status: 200, schema: account.AccountReply },
  },
});

import type { VerbDef } from "../verb.ts";
import { drain, pause, resume } from "./control.ts";
import { diagnostics } from "./diagnostics.ts";
import { doctor } from "./doctor.ts";
import { login, logout } from "./login.ts";
import { logs } from "./logs.ts";
import { mcp } from "./mcp.ts";
import { token } from "./token.ts";

/** The verbs of the operator. */
export const OPERATOR_VERBS: readonly VerbDef[] = [
  mcp,
  pause,
  resume,
  drain,
  login,
  logout,
  token,
  doctor,
  diagnostics,
  logs,
];

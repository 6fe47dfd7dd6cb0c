import type { VerbDef } from "../verb.ts";
import { approvals } from "./approvals.ts";
import { approve, decline } from "./approve.ts";
import { ask } from "./ask.ts";
import { chat } from "./chat.ts";
import { events } from "./events.ts";
import { firefox } from "./firefox.ts";
import { interrupt } from "./interrupt.ts";
import { newSession } from "./new.ts";
import { completion } from "./completion.ts";
import { OPERATOR_VERBS } from "./operator.ts";
import { send } from "./send.ts";
import { sessions } from "./sessions.ts";
import { status } from "./status.ts";
import { steer } from "./steer.ts";
import { tail } from "./tail.ts";

/** Every verb, in the order of `baa --help`. */
export const VERBS: readonly VerbDef[] = [
  ask,
  chat,
  newSession,
  send,
  tail,
  steer,
  interrupt,
  sessions,
  approvals,
  approve,
  decline,
  events,
  firefox,
  status,
  ...OPERATOR_VERBS,
  completion(() => VERBS),
];

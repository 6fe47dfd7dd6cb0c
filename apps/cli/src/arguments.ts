import type { ArgumentDef } from "./verb.ts";

/** A session that is there. */
export const SESSION_ARGUMENT: ArgumentDef = {
  name: "<session>",
  summary: "its id; the beginning or end will do when no other has it",
};

/** An approval that is there. */
export const APPROVAL_ARGUMENT: ArgumentDef = {
  name: "<approval>",
  summary: "its id; the beginning or end will do when no other has it",
};

import type { Session } from "@baa/contracts";
import { shortId } from "../text/format.ts";

/** What a session is called; one without a title is named by the end of its id. */
export const titleOf = (session: Pick<Session, "id" | "title">): string =>
  session.title === undefined || session.title === "" ? `Session ${shortId(session.id)}` : session.title;

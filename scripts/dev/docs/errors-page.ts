import { PROBLEMS } from "../../../packages/contracts/src/index.ts";
import { code, page, table, type Page } from "./markdown.ts";

const FAULTS = { caller: "the caller", operator: "the operator", peer: "a peer", us: "us" } as const;

export const errorsPage = (): Page => {
  const rows = Object.entries(PROBLEMS)
    .toSorted(([, a], [, b]) => a.status - b.status)
    .map(([name, def]) => [code(name), String(def.status), FAULTS[def.fault], def.title, def.next]);
  return page("docs/reference/errors.md", "Error codes", [
    "Every error is `application/problem+json` (RFC 9457) with a stable `code`. Programs decide by `code`; `title` and `detail` are for people.",
    table(["code", "status", "whose fault", "what happened", "what to do"], rows),
  ]);
};

import type { VerbDef } from "../verb.ts";
import { PAIRING_VERBS, RECORD_VERBS } from "./firefox/bridge.ts";
import { PAGE_VERBS } from "./firefox/pages.ts";

export const firefox: VerbDef = {
  name: "firefox",
  group: "browser",
  summary: "work with the operator's Firefox, where they are logged in",
  about: [
    "By the extension of the bridge and through conductor. A browser is paired once, and does nothing on a site before that is allowed for it. Every command is written down before it is sent and done at most once; when nobody can know whether it was done, that is said, in words and by exit code 4.",
  ],
  verbs: [...PAIRING_VERBS, ...PAGE_VERBS, ...RECORD_VERBS],
};

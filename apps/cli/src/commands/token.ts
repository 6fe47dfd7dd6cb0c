import { type ArgumentDef, verb, type VerbDef } from "../verb.ts";

export interface AddOptions {
  readonly scopes: string;
  readonly public?: true;
  readonly expires?: string;
}

export interface PrintOptions {
  readonly raw?: true;
  readonly where?: true;
}

const NAME: ArgumentDef = { name: "<name>", summary: "1 to 64 letters, digits, _ or -; it stands in logs" };

/** Brings zod, and SQLite for its lock. */
const load = () => import("../tokens/token-verbs.ts");

export const token: VerbDef = {
  name: "token",
  group: "operate",
  summary: "make, list and revoke tokens for conductor and status-api",
  about: [
    "Tokens with scopes are kept as digests in ~/.config/baa-conductor/tokens.json. The daemons look at it for every request: a change counts from the next one on, without a restart.",
  ],
  verbs: [
    verb<[string], AddOptions>({
      name: "add",
      summary: "make a token and print it once",
      about: ["Only the token is on stdout, so it can be piped to where it belongs."],
      arguments: [NAME],
      options: [
        {
          flags: "--scopes <list>",
          summary: "what it may do: read, drive, approve, admin",
          default: "read",
        },
        { flags: "--public", summary: "for the public host alone; read and drive at most" },
        { flags: "--expires <when>", summary: "a duration from now (30d) or a time (2027-01-31)" },
      ],
      json: "`{token, entry}`",
      examples: ["baa token add phone --scopes read,drive --expires 90d"],
      run: async (context, [id], options) => (await load()).add(context, id, options),
    }),
    verb<[], object>({
      name: "ls",
      summary: "all tokens, without their values",
      json: "`{tokens}`",
      run: async (context) => (await load()).list(context),
    }),
    verb<[string], object>({
      name: "revoke",
      summary: "take a token back",
      arguments: [NAME],
      json: "`{entry}`",
      run: async (context, [id]) => (await load()).revoke(context, id),
    }),
    verb<[], PrintOptions>({
      name: "print",
      summary: "print the shared token, which may do everything",
      options: [
        { flags: "--raw", summary: "also when stdout is no terminal" },
        { flags: "--where", summary: "only where it lies" },
      ],
      json: "`{token, file}`; with --where `{file, origin, exists}`",
      run: async (context, _args, options) => (await load()).print(context, options),
    }),
  ],
};

import * as z from "zod";

/** What the directives in a prompt ask for, and the prompt without them. */
export interface Directives {
  readonly rest: string;
  readonly options: DirectiveOptions;
  readonly say?: string;
  readonly tools: readonly DirectiveTool[];
}

export interface DirectiveTool {
  readonly name: string;
  readonly namespace?: string;
  readonly arguments?: Record<string, unknown>;
  readonly input?: string;
}

const count = z.coerce.number().int().min(0);
const flag = z.literal("").transform(() => true);
const Options = z.strictObject({
  deltas: count.max(10_000_000).optional(),
  interval: z.coerce.number().min(0).optional(),
  size: count.max(100_000_000).optional(),
  stamp: flag.optional(),
  delay: count.optional(),
  hold: z.string().min(1).optional(),
  hang: flag.optional(),
  cut: flag.optional(),
  reset: flag.optional(),
  status: count.min(400).max(599).optional(),
  failed: z.string().min(1).optional(),
  "retry-after": count.optional(),
  times: count.min(1).optional(),
  after: count.optional(),
});
type DirectiveOptions = z.infer<typeof Options>;

const OPTION_NAMES: ReadonlySet<string> = new Set(Object.keys(Options.shape));
const PHRASES: ReadonlySet<string> = new Set(["run", "escalate", "say", "tool", "patch"]);
const DIRECTIVE = /\[\[\s*([a-z-]+)([^]*?)\]\]/g;

/**
 * Reads `[[...]]` directives out of a prompt (the README lists them). Brackets that begin with no word of ours,
 * such as `[[ -f x ]]` of a shell, stay text. Throws when one of ours is written wrongly.
 */
export function parseDirectives(prompt: string): Directives {
  const words: Record<string, string> = {};
  const tools: DirectiveTool[] = [];
  let say: string | undefined;
  const rest = prompt.replace(DIRECTIVE, (whole: string, word: string, tail: string) => {
    if (PHRASES.has(word) && tail.startsWith(":")) {
      const phrase = tail.slice(1).trim();
      if (word === "say") say = phrase;
      else tools.push(toolOf(word, phrase));
      return "";
    }
    if (!OPTION_NAMES.has(word)) return whole;
    Object.assign(words, readWords(word + tail));
    return "";
  });
  const options = Options.safeParse(words);
  if (!options.success) throw new Error(`directive: ${z.prettifyError(options.error)}`);
  return { rest: rest.trim(), options: options.data, tools, ...(say === undefined ? {} : { say }) };
}

function readWords(text: string): Record<string, string> {
  const pairs = text.split(/\s+/).filter((word) => word !== "");
  return Object.fromEntries(pairs.map((pair) => splitPair(pair)));
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf("=");
  return at === -1 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
}

/**
 * `run` and `escalate` are Codex's `exec_command`, `patch: path content` its `apply_patch` (which Codex offers to
 * models it knows, such as gpt-5.5); `tool: name {json}` is any other,
 * `tool: mcp__server/name {json}` one of an MCP server.
 */
function toolOf(word: string, phrase: string): DirectiveTool {
  if (word === "run") return { name: "exec_command", arguments: { cmd: phrase } };
  if (word === "escalate") {
    const reason = { sandbox_permissions: "require_escalated", justification: "the prompt asks for it" };
    return { name: "exec_command", arguments: { cmd: phrase, ...reason } };
  }
  if (word === "patch") {
    const [path = "", ...content] = phrase.split(" ");
    const file = `*** Add File: ${path}\n+${content.join(" ").replaceAll("\n", "\n+")}\n`;
    return { name: "apply_patch", input: `*** Begin Patch\n${file}*** End Patch\n` };
  }
  const [words = "", ...json] = phrase.split(/\s+(?=\{)/);
  const [name = "", namespace] = words.split("/").toReversed();
  const parsed = z.record(z.string(), z.unknown()).parse(JSON.parse(json.length === 0 ? "{}" : json.join(" ")));
  return { name, ...(namespace === undefined ? {} : { namespace }), arguments: parsed };
}

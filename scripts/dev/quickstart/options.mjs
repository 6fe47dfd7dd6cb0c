import { parseArgs } from "node:util";

const PROVIDERS = ["codex", "loopback"];
const DEFAULT_PROMPT = "Say hello from Codex in one short sentence.";

/** Reads the command line; throws with a sentence for the person who typed it. */
export const readOptions = (argv) => {
  const { values } = parseArgs({
    args: argv,
    strict: true,
    options: {
      once: { type: "boolean", default: false },
      stop: { type: "boolean", default: false },
      prompt: { type: "string", default: DEFAULT_PROMPT },
      provider: { type: "string" },
    },
  });
  if (values.provider !== undefined && !PROVIDERS.includes(values.provider)) {
    throw new Error(`--provider is ${PROVIDERS.join(" or ")}, not "${values.provider}"`);
  }
  if (values.prompt.trim() === "") throw new Error("--prompt is empty");
  return values;
};

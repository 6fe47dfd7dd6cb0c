import { type FirefoxCommand } from "@baa/contracts";
import type { AskOptions } from "../commands/firefox/options.ts";
import type { Context } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { readPrompt } from "../input/prompt.ts";
import { patiently } from "../patience.ts";
import { AnswerPrinter } from "./answer-printer.ts";
import { callerOf, documentOf, perform } from "./perform.ts";
import { ChunkWatch } from "./chunk-watch.ts";
import { tabOf } from "./pages.ts";

/** A web AI may think and write for long. */
const TTL_MS = 10 * 60_000;
/** Of a terminal that does not say how wide it is. */
const COLUMNS = 80;

/** `baa firefox ask`: a prompt for the web AI of a tab; its answer on stdout. */
export const ask = async (context: Context, words: readonly string[], o: AskOptions): Promise<ExitName> => {
  const { out } = context;
  const text = await readPrompt(context, words);
  const asked = {
    client: o.client,
    method: "chat.send" as const,
    params: { ...tabOf(o), text },
    ttlMs: o.timeout ?? TTL_MS,
  };
  const performed = out.isTerminal && !out.json ? await askLive(context, asked) : await perform(context, asked);
  const { value } = performed;
  await out.result(documentOf(performed), out.isTerminal ? [] : [value.text]);
  if (value.wasStopped && !out.json) out.note("The answer was stopped before its end.");
  return "ok";
};

/** On a terminal the answer is shown as it comes. */
const askLive = async (context: Context, asked: Parameters<typeof perform<"chat.send">>[1]) => {
  const { out } = context;
  const service = await context.connect();
  const caller = await callerOf(context);
  const printer = new AnswerPrinter({
    write: (text) => out.write(text),
    columns: out.terminal.columns ?? COLUMNS,
    dim: out.style.dim,
  });
  const onTrouble = (error: unknown): void =>
    out.warn(
      "no_stream",
      `the answer comes whole at its end (${error instanceof Error ? error.message : String(error)})`,
    );
  const watch = new ChunkWatch({ service, onTrouble });
  const follow = ({ id: commandId }: FirefoxCommand): void =>
    watch.want(commandId, async (chunk) => {
      if ((await printer.take(chunk)) === "taken") return;
      const read = () => caller.conductor.firefoxCommand({ params: { commandId }, signal: context.signal });
      const { command } = await patiently(context, read);
      if (command.text !== undefined) await printer.replace(command.text);
    });
  try {
    await watch.start();
    const performed = await perform(context, { ...asked, onStarted: follow });
    await watch.stop();
    await printer.end(performed.value.text);
    return performed;
  } catch (error) {
    await watch.stop();
    await printer.breakOff();
    throw error;
  }
};

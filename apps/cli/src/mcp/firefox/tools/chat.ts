import type { FirefoxCommand } from "@baa/contracts";
import { FirefoxCommandId } from "@baa/contracts";
import { FIREFOX_COMMAND_STATES, isOpenCommand } from "@baa/contracts/firefox";
import * as z from "zod";
import { usageError } from "../../../errors.ts";
import { ChunkWatch } from "../../../firefox/chunk-watch.ts";
import { awaitCommand, resultOf } from "../../../firefox/command.ts";
import { StreamText } from "../../../firefox/stream-text.ts";
import type { AnyTool, ToolAnswer } from "../../tool.ts";
import { askBrowser, begin, type BrowserCall, orCancel } from "../browser.ts";
import { ADDS, type BrowserTools, defineBrowserTool } from "../browser-tool.ts";
import { fenced, NOTICE } from "../untrusted.ts";
import * as input from "./inputs.ts";

/** A web AI may think and write for long; a call waits for it in pieces. */
const TTL_MS = 10 * 60_000;
const WAIT_MS_MAX = 3_600_000;
const TOLD_CHARS_MAX = 200;

const Answer = z.looseObject({
  notice: input.notice,
  commandId: z.string(),
  state: z.enum(FIREFOX_COMMAND_STATES),
  text: z.string().describe("What was answered, as far as it has come"),
  wasStopped: z.boolean().optional(),
  url: z.string().optional(),
  next: z.string().optional().describe("What to do now, when the answer is not complete"),
});
type Answer = z.infer<typeof Answer>;

const ask = (shared: BrowserTools): AnyTool =>
  defineBrowserTool(shared, {
    name: "firefox_ask",
    title: "Ask the web AI of a tab",
    description:
      "Sends a prompt to the web AI that the tab shows (such as ChatGPT), as the user, and waits for its answer or `waitMs`. The answer goes on after that: `next` says how to wait for it. The prompt is sent once.",
    input: z.strictObject({
      browser: input.browser,
      tabId: input.tabId,
      prompt: z.string().min(1).max(1_000_000).optional().describe("What to ask; left out with `commandId`"),
      commandId: FirefoxCommandId.optional().describe("Of an earlier call: wait for its answer, and ask nothing"),
      waitMs: z
        .number()
        .int()
        .min(0)
        .max(WAIT_MS_MAX)
        .default(shared.waitMs)
        .describe("Longest waiting in milliseconds. Keep it below your own time limit: giving up a call cancels it"),
    }),
    output: Answer,
    annotations: ADDS,
    run: ({ tabId, prompt, commandId, waitMs }, call) => {
      if ((prompt === undefined) === (commandId === undefined)) throw usageError("give either prompt or commandId");
      return commandId === undefined
        ? askNew(call, { ...(tabId === undefined ? {} : { tabId }), text: prompt ?? "" }, waitMs)
        : goOn(call, commandId, waitMs);
    },
  });

const askNew = async (
  call: BrowserCall,
  params: { readonly tabId?: number; readonly text: string },
  waitMs: number,
): Promise<ToolAnswer<Answer>> => {
  const watch = watchOf(call);
  try {
    await watch.start();
    const started = await begin(call, "chat.send", params, { ttlMs: TTL_MS });
    watch.want(started.id, teller(call));
    return await orCancel(call, started, async () =>
      answerOf(call, await awaitCommand(call.caller, started, { waitMs })),
    );
  } finally {
    await watch.stop();
  }
};

/** Only reads: giving up this call leaves the answer alone. */
const goOn = async (call: BrowserCall, commandId: string, waitMs: number): Promise<ToolAnswer<Answer>> => {
  const { conductor, signal } = call.caller;
  const watch = watchOf(call);
  try {
    await watch.start();
    const { command } = await conductor.firefoxCommand({ params: { commandId }, signal });
    if (command.method !== "chat.send") throw usageError(`${commandId} is a command ${command.method}, and no prompt`);
    watch.want(commandId, teller(call));
    return await answerOf(call, await awaitCommand(call.caller, command, { waitMs }));
  } finally {
    await watch.stop();
  }
};

const watchOf = ({ service, log }: BrowserCall): ChunkWatch =>
  new ChunkWatch({ service, onTrouble: (error) => log(`pieces of the answer: ${(error as Error).message}`) });

/** Tells the line that is being written. */
const teller = ({ progress }: BrowserCall) => {
  const stream = new StreamText();
  return (chunk: { readonly from: number; readonly text: string }): Promise<void> => {
    // A piece that is missing costs a word of the progress, and nothing else.
    if (stream.take(chunk).kind === "gap") stream.replace(chunk.text);
    const line = stream.text.trimEnd().split("\n").at(-1) ?? "";
    if (line !== "") progress.say(`writes: ${line.slice(-TOLD_CHARS_MAX)}`);
    return Promise.resolve();
  };
};

const answerOf = async (call: BrowserCall, command: FirefoxCommand): Promise<ToolAnswer<Answer>> => {
  const { id: commandId, state } = command;
  if (isOpenCommand(state)) {
    const next = `The answer is not complete. Call firefox_ask with commandId ${commandId} to wait for it, or firefox_stop to end it.`;
    return answer({ notice: NOTICE, commandId, state, text: command.text ?? "", next });
  }
  const { text, url, wasStopped } = await resultOf(call.caller, "chat.send", command);
  return answer({ notice: NOTICE, commandId, state, text, url, wasStopped });
};

const answer = (value: Answer): ToolAnswer<Answer> => {
  const { text, notice: _notice, ...facts } = value;
  const said = text === "" ? [] : [fenced(value.url ?? "the web AI's page", text)];
  return { value, texts: [...said, JSON.stringify(facts)] };
};

const stop = (shared: BrowserTools): AnyTool =>
  defineBrowserTool(shared, {
    name: "firefox_stop",
    title: "Stop the web AI's answer",
    description: "Presses the page's own stop button.",
    input: z.strictObject({ browser: input.browser, tabId: input.tabId }),
    output: z.looseObject({ wasBusy: z.boolean() }),
    annotations: { ...ADDS, idempotentHint: true },
    run: async ({ tabId }, call) => ({
      value: await askBrowser(call, "chat.stop", tabId === undefined ? {} : { tabId }),
    }),
  });

export const chatTools = (shared: BrowserTools): readonly AnyTool[] => [ask(shared), stop(shared)];

import type { FirefoxCommand } from "@baa/contracts";
import { FirefoxError, type FirefoxCommandState } from "@baa/contracts/firefox";
import type { CommandsOptions } from "../commands/firefox/options.ts";
import type { Context } from "../context.ts";
import { usageError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import { shortId } from "../ids.ts";
import { safeText } from "../output/safe-text.ts";
import type { Style } from "../output/style.ts";
import { oneLine, tableLines } from "../output/table.ts";
import { ago } from "../output/time.ts";
import { patiently } from "../patience.ts";
import { browserName, listBrowsers, resolveBrowser } from "./browsers.ts";
import { cancelCommand } from "./command.ts";
import { callerOf } from "./perform.ts";

const TEXT_MAX = 70;

/** `baa firefox commands`: the audit. */
export const list = async (context: Context, o: CommandsOptions): Promise<ExitName> => {
  const { out, signal } = context;
  const caller = await callerOf(context);
  const clientId = o.client === undefined ? undefined : (await resolveBrowser(caller, o.client)).id;
  const query = { clientId, state: o.state, limit: o.limit };
  const found = await patiently(context, () => caller.conductor.firefoxCommands({ query, signal }));
  const names = new Map((await listBrowsers(caller)).map((browser) => [browser.id, browserName(browser)]));
  const rows = found.commands.map((command) => [
    command.id,
    stateText(command.state, out.style),
    ago(command.createdAt, Date.now()),
    safeText(names.get(command.clientId) ?? shortId(command.clientId)),
    safeText(command.by),
    command.method,
    out.style.dim(oneLine(safeText(aboutOf(command)), TEXT_MAX)),
  ]);
  const head = ["ID", "STATE", "ASKED", "BROWSER", "BY", "METHOD", "WHAT"].map(out.style.dim);
  await out.result(found, tableLines(rows.length === 0 ? [] : [head, ...rows]));
  if (!out.json && rows.length === 0) out.note("no commands");
  if (!out.json && found.nextCursor !== null) out.note("there are more: --limit, --state");
  return "ok";
};

/** `baa firefox commands show` */
export const show = async (context: Context, given: string): Promise<ExitName> => {
  const { out, signal } = context;
  const { conductor } = await callerOf(context);
  const params = { commandId: commandIdOf(given) };
  const { command } = await patiently(context, () => conductor.firefoxCommand({ params, signal }));
  const facts: [string, string | undefined][] = [
    ["command", command.id],
    ["state", stateText(command.state, out.style)],
    ["why", errorText(command)],
    ["browser", command.clientId],
    ["method", `${command.method} (${command.effect})`],
    ["params", JSON.stringify(command.params)],
    ["by", command.by],
    ["asked", command.createdAt],
    [
      "sent",
      command.sentAt && `${command.sentAt}, ${command.deliveries} ${command.deliveries === 1 ? "time" : "times"}`,
    ],
    ["ended", command.endedAt],
    ["result", command.resultChars === undefined ? undefined : `${command.resultChars} characters of JSON`],
  ];
  const rows = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [[out.style.dim(name), name === "state" ? value : safeText(value)]],
  );
  await out.result({ command }, tableLines(rows));
  return "ok";
};

/** `baa firefox commands cancel` */
export const cancel = async (context: Context, given: string): Promise<ExitName> => {
  const command = await cancelCommand(await callerOf(context), { id: commandIdOf(given) });
  const { state } = command;
  const what = state === "queued" || state === "sent" || state === "running" ? "was asked to end" : `is ${state}`;
  await context.out.result({ command }, [`${command.id} ${what}`]);
  return "ok";
};

const commandIdOf = (given: string): string => {
  if (/^cmd_[0-9a-f]{32}$/.test(given)) return given;
  throw usageError(`${given} is no id of a command: give cmd_ and 32 hex digits, as baa firefox commands shows them`);
};

const aboutOf = (command: FirefoxCommand): string => errorText(command) ?? JSON.stringify(command.params);

const errorText = ({ error }: FirefoxCommand): string | undefined => {
  const parsed = FirefoxError.safeParse(error);
  if (!parsed.success) return undefined;
  const { code, message, outcome } = parsed.data;
  return `${code}: ${message}${outcome === "unknown" ? " (whether it was done is not known)" : ""}`;
};

const COLOURS: Readonly<Record<FirefoxCommandState, "good" | "warn" | "bad" | "accent">> = {
  queued: "accent",
  sent: "accent",
  running: "accent",
  completed: "good",
  failed: "bad",
  cancelled: "warn",
  expired: "warn",
  interrupted: "bad",
};

const stateText = (state: FirefoxCommandState, style: Style): string => style[COLOURS[state]](state);

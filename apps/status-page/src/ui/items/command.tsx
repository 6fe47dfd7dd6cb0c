import type { ItemKind } from "../../model/item-kind.ts";
import type { ItemView } from "../../model/items.ts";
import type { Tone } from "../../model/health.ts";
import { duration } from "../../text/format.ts";
import { Badge, Spinner } from "../small.tsx";
import { Output } from "./output.tsx";

type CommandKind = Extract<ItemKind, { kind: "command" }>;

/** `isWaiting`: its turn waits for an approval, and what is open then has not been begun. */
export const Command = ({ item, kind, isWaiting }: { item: ItemView; kind: CommandKind; isWaiting: boolean }) => {
  const [tone, state] = isWaiting && item.state === "open" ? WAITING : outcome(item, kind);
  return (
    <section class="item command" aria-label="Command">
      <header>
        <span class="prompt" aria-hidden="true">
          $
        </span>
        <code title={kind.cwd === undefined ? undefined : `in ${kind.cwd}`}>{kind.command}</code>
        <span class="outcome">
          {item.state === "open" && !isWaiting ? <Spinner /> : null}
          <Badge tone={tone}>{state}</Badge>
          {kind.durationMs === undefined ? null : <span class="meta">{duration(kind.durationMs)}</span>}
        </span>
      </header>
      <Output output={item.output} />
    </section>
  );
};

const WAITING: [Tone, string] = ["warn", "waits for approval"];

const outcome = ({ state }: ItemView, { exitCode, status }: CommandKind): [Tone, string] => {
  if (state === "open") return ["busy", "running"];
  if (state === "cut") return ["warn", "cut off"];
  if (status === "declined") return ["warn", "declined"];
  if (exitCode !== undefined) return [exitCode === 0 ? "good" : "bad", `exit ${exitCode}`];
  return status === "failed" ? ["bad", "failed"] : ["quiet", status ?? "done"];
};

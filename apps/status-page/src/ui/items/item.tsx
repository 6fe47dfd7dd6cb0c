import { fileDiffs } from "../../model/diff.ts";
import { itemKind } from "../../model/item-kind.ts";
import type { ItemKind } from "../../model/item-kind.ts";
import type { ItemView } from "../../model/items.ts";
import { words } from "../../text/format.ts";
import { Diffs } from "../diff.tsx";
import { memo } from "../memo.ts";
import { Badge, Spinner } from "../small.tsx";
import { Command } from "./command.tsx";
import { AgentMessage, LongMarkdown, UserMessage } from "./message.tsx";
import { Output } from "./output.tsx";

/** Characters of an unfolded item that are shown. */
const JSON_CHARS_MAX = 20_000;

/** One item of a turn; drawn again only when it has changed. */
export const Item = memo(({ item, isWaiting }: { item: ItemView; isWaiting: boolean }) => {
  const kind = itemKind(item);
  switch (kind.kind) {
    case "user":
      return <UserMessage text={kind.text} />;
    case "agent":
      return <AgentMessage text={item.text} isOpen={item.state === "open"} />;
    case "thought":
      return <Thought item={item} title={kind.title} />;
    case "plan":
      return (
        <section class="item card plan">
          <h4>Plan</h4>
          <LongMarkdown text={item.text} />
        </section>
      );
    case "command":
      return <Command item={item} kind={kind} isWaiting={isWaiting} />;
    case "patch":
      return <Patch item={item} kind={kind} isWaiting={isWaiting} />;
    case "note":
      return <p class="item note">{kind.text}</p>;
    case "other":
      return <Other item={item} kind={kind} />;
  }
});

const Thought = ({ item, title }: { item: ItemView; title: string }) => {
  const label = item.state === "open" ? "Thinking" : "Thought";
  if (item.text.text === "") return item.state === "open" ? <p class="item note">Thinking …</p> : null;
  return (
    <details class="item thought">
      <summary>
        {label} <span>{title}</span>
      </summary>
      <LongMarkdown text={item.text} />
    </details>
  );
};

interface PatchProps {
  readonly item: ItemView;
  readonly kind: Extract<ItemKind, { kind: "patch" }>;
  readonly isWaiting: boolean;
}

const Patch = ({ item, kind, isWaiting }: PatchProps) => {
  const isTold = item.state === "completed" && (kind.status ?? "completed") === "completed";
  return (
    <section class="item patch" aria-label="File changes">
      {isTold ? null : <PatchState item={item} status={kind.status} isWaiting={isWaiting} />}
      <Diffs diffs={fileDiffs(kind.changes)} />
      {isTold ? null : <Output output={item.output} />}
    </section>
  );
};

const PatchState = ({
  item,
  status,
  isWaiting,
}: {
  item: ItemView;
  status: string | undefined;
  isWaiting: boolean;
}) => {
  if (item.state === "open")
    return (
      <p class="outcome">
        {isWaiting ? <Badge tone="warn">waits for approval</Badge> : <Badge tone="busy">changing files</Badge>}
      </p>
    );
  return (
    <p class="outcome">
      <Badge tone="warn">{item.state === "cut" ? "cut off" : `not applied: ${words(status ?? "unknown")}`}</Badge>
    </p>
  );
};

const Other = ({ item, kind }: { item: ItemView; kind: Extract<ItemKind, { kind: "other" }> }) => (
  <details class="item other">
    <summary>
      {kind.title}{" "}
      {item.state === "open" ? (
        <Spinner />
      ) : kind.status === undefined ? null : (
        <Badge tone="quiet">{words(kind.status)}</Badge>
      )}
    </summary>
    {item.text.text === "" ? null : <div class="plain">{item.text.text.slice(0, JSON_CHARS_MAX)}</div>}
    <Output output={item.output} />
    {Object.keys(item.raw).length === 0 ? null : (
      <pre>{JSON.stringify(item.raw, null, 2).slice(0, JSON_CHARS_MAX)}</pre>
    )}
  </details>
);

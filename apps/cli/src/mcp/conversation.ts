import type { Session, TurnDetail } from "@baa/contracts";
import { inputText } from "../turns/item-text.ts";

/** A session's conversation as a person would read it. */
export const conversationText = (session: Session, turns: readonly TurnDetail[]): string => {
  const head = [`# ${session.title ?? session.id}`, "", `Session ${session.id}, ${session.state}, in ${session.cwd}.`];
  return [...head, ...turns.flatMap(turnLines), ""].join("\n");
};

const turnLines = (turn: TurnDetail): string[] => {
  const asked = turn.items.filter(({ type }) => type === "userMessage").map((item) => inputText(item["content"]));
  const error = turn.error === undefined ? "" : `: ${turn.error.message}`;
  return [
    "",
    ...asked.flatMap((text) => ["## Asked", "", text, ""]),
    ...(turn.text === "" ? [] : ["## Codex", "", turn.text, ""]),
    ...(turn.state === "completed" ? [] : [`*The turn ${turn.id} is ${turn.state}${error}.*`]),
  ];
};

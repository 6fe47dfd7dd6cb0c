import type { CappedText } from "../../model/capped-text.ts";
import { count } from "../../text/format.ts";
import { withoutEscapes } from "../../text/terminal.ts";
import { useState } from "preact/hooks";
import { Markdown } from "../markdown.tsx";

/** Lines and characters of a message of a caller that are shown before "show all". */
const USER_LINES = 24;
const USER_CHARS = 3_000;
/** Characters of an agent's message that are shown before "show all". */
const AGENT_CHARS = 40_000;

/** What a caller wrote: as it is, since nobody said it was Markdown. */
export const UserMessage = ({ text }: { text: string }) => {
  const [isOpen, setOpen] = useState(false);
  const short = shorten(text);
  return (
    <div class="item user">
      <span class="sr-only">Input: </span>
      <div class="bubble">
        <div class="plain">{isOpen ? text : short}</div>
        {short.length === text.length ? null : (
          <button type="button" class="more" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? "Show less" : `Show all ${count(text.length)} characters`}
          </button>
        )}
      </div>
    </div>
  );
};

const shorten = (text: string): string => {
  const lines = text.split("\n", USER_LINES + 1);
  const cut = lines.length > USER_LINES ? lines.slice(0, USER_LINES).join("\n") : text;
  return cut.slice(0, USER_CHARS);
};

export const AgentMessage = ({ text, isOpen }: { text: CappedText; isOpen: boolean }) => (
  <div class={`item agent ${isOpen ? "open" : ""}`}>
    <LongMarkdown text={text} />
  </div>
);

/** Markdown of which a very long text shows only its beginning, at first. */
export const LongMarkdown = ({ text: { text, dropped } }: { text: CappedText }) => {
  const [isWhole, setWhole] = useState(false);
  const isLong = text.length > AGENT_CHARS * 1.2;
  return (
    <>
      <Markdown text={withoutEscapes(isLong && !isWhole ? text.slice(0, AGENT_CHARS) : text)} />
      {isLong && !isWhole ? (
        <button type="button" class="more" onClick={() => setWhole(true)}>
          Show all {count(text.length)} characters
        </button>
      ) : null}
      {dropped > 0 ? <p class="hint">{count(dropped)} more characters are not kept on this page.</p> : null}
    </>
  );
};

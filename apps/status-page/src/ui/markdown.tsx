import type { Token, Tokens } from "marked";
import type { ComponentChildren, VNode } from "preact";
import { useRef } from "preact/hooks";
import { decodeReferences, safeHref } from "../text/links.ts";
import { NOTHING_READ, readMarkdown } from "../text/markdown.ts";
import type { Reading } from "../text/markdown.ts";

/**
 * Markdown as elements. There is no way from the text to HTML: what looks like HTML is shown as text, an address is a
 * link only when it is a web or mail address, and an image is never loaded, only linked to.
 * A block that has not changed keeps its elements, so a text that grows costs only its end.
 */
export const Markdown = ({ text }: { text: string }) => {
  const last = useRef<Reading>(NOTHING_READ);
  last.current = readMarkdown(text, last.current);
  const { blocks } = last.current;
  if (!blocks) return <div class="plain">{text}</div>;
  return <div class="markdown">{blocks.map(elementsOf)}</div>;
};

const elements = new WeakMap<Token, ComponentChildren>();
const elementsOf = (token: Token): ComponentChildren => {
  if (!elements.has(token)) elements.set(token, markdownBlock(token));
  return elements.get(token);
};

/** One block of a text. */
export const markdownBlock = (token: Token): ComponentChildren => {
  switch (token.type) {
    case "heading":
      return heading(token as Tokens.Heading);
    case "paragraph":
      return <p>{inline(token.tokens)}</p>;
    case "text":
      return token.tokens ? inline(token.tokens) : decodeReferences((token as Tokens.Text).text);
    case "code":
      return <Code text={(token as Tokens.Code).text} lang={(token as Tokens.Code).lang} />;
    case "blockquote":
      return <blockquote>{innerBlocks(token.tokens)}</blockquote>;
    case "list":
      return list(token as Tokens.List);
    case "table":
      return table(token as Tokens.Table);
    case "hr":
      return <hr />;
    case "space":
    case "def":
      return null;
    case "html":
      return <p>{(token as Tokens.HTML).text}</p>;
    default:
      return inline([token]);
  }
};

const innerBlocks = (tokens: Token[] | undefined): ComponentChildren => tokens?.map(markdownBlock);

/** Below the headings of the page itself. */
const heading = ({ depth, tokens }: Tokens.Heading): VNode => {
  const Tag = `h${Math.min(6, depth + 3)}` as "h4" | "h5" | "h6";
  return <Tag>{inline(tokens)}</Tag>;
};

const list = ({ ordered, start, items }: Tokens.List): VNode => {
  const rows = items.map((item) => <li class={item.task ? "task" : undefined}>{innerBlocks(item.tokens)}</li>);
  return ordered ? <ol start={start === "" ? 1 : start}>{rows}</ol> : <ul>{rows}</ul>;
};

const table = ({ header, rows }: Tokens.Table): VNode => (
  <div class="table">
    <table>
      <thead>
        <tr>
          {header.map((cell) => (
            <th scope="col" class={cell.align ?? undefined}>
              {inline(cell.tokens)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr>
            {row.map((cell) => (
              <td class={cell.align ?? undefined}>{inline(cell.tokens)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

const Code = ({ text, lang }: { text: string; lang: string | undefined }) => (
  <pre data-lang={lang === undefined || lang === "" ? undefined : lang}>
    <code>{text}</code>
  </pre>
);

const inline = (tokens: Token[] | undefined): ComponentChildren => tokens?.map(inlineToken);

const inlineToken = (token: Token): ComponentChildren => {
  switch (token.type) {
    case "strong":
      return <strong>{inline(token.tokens)}</strong>;
    case "em":
      return <em>{inline(token.tokens)}</em>;
    case "del":
      return <del>{inline(token.tokens)}</del>;
    case "codespan":
      return <code>{(token as Tokens.Codespan).text}</code>;
    case "br":
      return <br />;
    case "link":
      return link(token as Tokens.Link);
    case "image":
      return image(token as Tokens.Image);
    case "checkbox":
      return <input type="checkbox" checked={(token as Tokens.Checkbox).checked} disabled />;
    case "escape":
      return (token as Tokens.Escape).text;
    case "html":
      return (token as Tokens.Tag).text;
    case "text":
      return token.tokens ? inline(token.tokens) : decodeReferences((token as Tokens.Text).text);
    default:
      return token.raw;
  }
};

const link = ({ href, tokens, autolink }: Tokens.Link): VNode => {
  const address = autolink ? href : decodeReferences(href);
  const safe = safeHref(address);
  if (safe === undefined) return <span title={address}>{inline(tokens)}</span>;
  return (
    <a href={safe} target="_blank" rel="noopener noreferrer" title={safe}>
      {inline(tokens)}
    </a>
  );
};

const image = ({ href, text }: Tokens.Image): VNode => {
  const safe = safeHref(decodeReferences(href));
  const label = `[image: ${text === "" ? "without a description" : decodeReferences(text)}]`;
  if (safe === undefined) return <span>{label}</span>;
  return (
    <a href={safe} target="_blank" rel="noopener noreferrer" title={safe}>
      {label}
    </a>
  );
};

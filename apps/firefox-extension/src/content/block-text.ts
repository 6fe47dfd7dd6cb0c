/** As much of a DOM node as is read here. */
export interface TextNodeLike {
  readonly nodeType: number;
  readonly nodeName: string;
  readonly nodeValue: string | null;
  readonly childNodes: ArrayLike<TextNodeLike>;
}

const TEXT_NODE = 3;
const BLOCKS = new Set(
  (
    "ADDRESS ARTICLE ASIDE BLOCKQUOTE BODY DD DETAILS DIV DL DT FIELDSET FIGCAPTION FIGURE FOOTER FORM H1 H2 H3 H4 H5 H6 " +
    "HEADER HR LI MAIN NAV OL P PRE SECTION TABLE TBODY TD TFOOT TH THEAD TR UL"
  ).split(" "),
);
/** Blocks with an empty line before and after them, in a text to be read. */
const SPACED = new Set("ARTICLE BLOCKQUOTE FIGURE H1 H2 H3 H4 H5 H6 OL P PRE SECTION TABLE UL".split(" "));

export interface BlockTextOptions {
  /** Runs of white space count as one space outside of PRE, and paragraphs stand apart. For pages, not for editors. */
  readonly isProse: boolean;
}

/**
 * The text of a tree that need not be rendered, a line for every block and every BR. A BR that ends a block only holds
 * it open, as browsers show it.
 */
export const blockText = (root: TextNodeLike, { isProse }: BlockTextOptions): string => {
  const lines = new Lines();
  const walk = (node: TextNodeLike, isExact: boolean): void => {
    if (node.nodeType === TEXT_NODE) lines.add(node.nodeValue ?? "", isExact);
    else if (node.nodeName === "BR") lines.breakLine();
    else if (BLOCKS.has(node.nodeName)) block(node, isExact || node.nodeName === "PRE");
    else walkChildren(node, isExact);
  };
  const walkChildren = (node: TextNodeLike, isExact: boolean) => {
    for (const child of Array.from(node.childNodes)) walk(child, isExact);
  };
  const block = (node: TextNodeLike, isExact: boolean) => {
    const hasGap = isProse && SPACED.has(node.nodeName);
    lines.end();
    if (hasGap) lines.gap();
    const before = lines.count;
    walkChildren(node, isExact);
    lines.end();
    // In an editor an empty block is an empty line; its BR, if any, has made it already.
    if (!isProse && lines.count === before) lines.breakLine();
    if (hasGap) lines.gap();
  };
  walkChildren(root, !isProse);
  lines.end();
  return isProse
    ? lines
        .text()
        .replaceAll(/[ \t]+$/gm, "")
        .trim()
    : lines.text();
};

/** Lines as they grow; at most one is open. */
class Lines {
  readonly #ended: string[] = [];
  #open: string | undefined;

  /** Lines that have ended. */
  get count(): number {
    return this.#ended.length;
  }

  text(): string {
    return this.#ended.join("\n");
  }

  add(text: string, isExact: boolean): void {
    if (!isExact) return this.#addProse(text.replaceAll(/\s+/g, " "));
    const [first = "", ...others] = text.split("\n");
    if (text !== "") this.#open = (this.#open ?? "") + first;
    for (const other of others) {
      this.end();
      this.#open = other;
    }
  }

  /** Ends a line, an empty one when none is open. */
  breakLine(): void {
    this.#open ??= "";
    this.end();
  }

  end(): void {
    if (this.#open !== undefined) this.#ended.push(this.#open);
    this.#open = undefined;
  }

  /** Nothing but one empty line between what is there and what comes. */
  gap(): void {
    if (this.#ended.length > 0 && this.#ended.at(-1) !== "") this.#ended.push("");
  }

  /** No line of prose begins with a space, and no two spaces follow each other. */
  #addProse(text: string): void {
    const isAfterSpace = this.#open === undefined || this.#open.endsWith(" ");
    const added = isAfterSpace ? text.trimStart() : text;
    if (added !== "") this.#open = (this.#open ?? "") + added;
  }
}

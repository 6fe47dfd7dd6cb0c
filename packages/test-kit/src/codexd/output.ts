import type { Readable } from "node:stream";

/** Characters of output kept; the oldest are let go. */
const CHARS_MAX = 4 * 1024 * 1024;

interface LineWaiter {
  readonly fits: (line: string) => boolean;
  readonly resolve: (line: string) => void;
}

/** What a process wrote, as lines in order of arrival, over all its lives. */
export class Output {
  #lines: string[] = [];
  #chars = 0;
  readonly #waiters = new Set<LineWaiter>();

  /** Adds everything a stream brings; `name` stands before each line. */
  take(stream: Readable, name: string): void {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.add(name, line);
    });
    stream.on("end", () => {
      if (rest !== "") this.add(name, rest);
    });
  }

  add(name: string, line: string): void {
    this.#lines.push(`[${name}] ${line}`);
    this.#chars += line.length;
    while (this.#chars > CHARS_MAX) this.#chars -= this.#lines.shift()?.length ?? this.#chars;
    for (const waiter of this.#waiters) {
      if (waiter.fits(line)) waiter.resolve(line);
    }
  }

  text(): string {
    return this.#lines.join("\n");
  }

  /** The last lines, for error messages. */
  tail(lines = 20): string {
    return this.#lines.slice(-lines).join("\n");
  }

  /** The next line from now on that fits; never rejects, so race it. `cancel` gives up. */
  next(fits: (line: string) => boolean): { line: Promise<string>; cancel: () => void } {
    let waiter: LineWaiter | undefined;
    const line = new Promise<string>((resolve) => {
      waiter = { fits, resolve };
      this.#waiters.add(waiter);
    });
    const cancel = (): void => {
      if (waiter !== undefined) this.#waiters.delete(waiter);
    };
    return { line: line.finally(cancel), cancel };
  }
}

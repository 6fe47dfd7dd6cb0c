/**
 * The language of the scripted child. A step is an object with one member. Strings in steps are templates:
 * `{{id}}`, `{{params.threadId}}` (of the message being answered), `{{answer.decision}}` (of our own last request),
 * `{{i}}` (of the innermost repeat), names given by `set`, `{{globals.x}}`, `{{newId}}`, `{{nowMs}}`, `{{nowS}}`,
 * `{{pid}}`, `{{codexHome}}`, `{{turnsOf:params.threadId}}`, `{{knows:params.threadId}}`; `{{name|"default"}}`.
 */
export type Step =
  | { readonly reply: unknown }
  | { readonly error: { readonly code?: number; readonly message: string; readonly data?: unknown } }
  | { readonly notify: { readonly method: string; readonly params?: unknown } }
  /** Any message, exactly as given: duplicates, foreign ids, wrong types. */
  | { readonly send: unknown }
  /** Asks the client and waits for the answer; `as` names it (default `answer`), `{{requestId}}` is its id. */
  | {
      readonly request: {
        readonly method: string;
        readonly params?: unknown;
        readonly id?: number | string;
        readonly as?: string;
      };
    }
  /** Keeps this reply back until a `flush`: `fifo`, `reverse`, or the positions in the order wanted (twice = duplicate). */
  | { readonly hold: unknown }
  | { readonly flush: "fifo" | "reverse" | readonly number[] }
  | { readonly set: Readonly<Record<string, unknown>> }
  | { readonly setGlobal: Readonly<Record<string, unknown>> }
  /** What `turnsOf` shows from now on, in later spawns too. */
  | { readonly recordTurn: { readonly threadId: string; readonly turn: unknown } }
  /** Names the steps now running, so that `cancel` can end them. */
  | { readonly label: string }
  | { readonly cancel: string }
  | { readonly sleep: number }
  | { readonly waitFile: string }
  | { readonly touchFile: string }
  | { readonly raw: string }
  | { readonly rawBase64: string }
  /** Text in two writes, parted at a byte. */
  | { readonly split: { readonly text: string; readonly at: number } }
  /** So many bytes on stdout, with or without a newline after them. */
  | { readonly fill: { readonly bytes: number; readonly newline: boolean } }
  | { readonly stderr: string }
  | { readonly floodStderr: number }
  | { readonly closeStdout: true }
  | { readonly exit: number }
  | { readonly signal: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGSEGV" }
  | { readonly ignore: true }
  | { readonly repeat: { readonly times: number | string; readonly everyMs?: number; readonly steps: readonly Step[] } }
  | {
      readonly when: {
        readonly value: unknown;
        readonly is: Readonly<Record<string, readonly Step[]>>;
        readonly else?: readonly Step[];
      };
    }
  | { readonly background: readonly Step[] };

/** How the child behaves in one life. */
export interface Play {
  /** At once after the start. */
  readonly start?: readonly Step[];
  /** By method of the request or notification received; `*` = any other. Without an entry: an error reply. */
  readonly on?: Readonly<Record<string, readonly Step[]>>;
  /** When stdin ends; default: exit 0. */
  readonly onEnd?: readonly Step[];
  /** By signal; an empty list = the signal is ignored. */
  readonly onSignal?: Readonly<Record<string, readonly Step[]>>;
}

import type { UserInput } from "@baa/codex-app-server";
import { TURN_TEXT_CHARS_MAX, type TurnInput, type TurnInputItem, type UploadedFile } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import { allowedFile, type CwdRules } from "../policy.ts";
import { isImageData, isImageFile } from "./image-kind.ts";

/** What an input may point to. */
export interface InputRules {
  readonly cwdRules: CwdRules;
  /** The file kept with the session, and where its bytes are. */
  readonly fileOf: (sessionId: string, fileId: string) => { file: UploadedFile; path: string } | undefined;
  /** Directories of the session below the runtime root: its uploads, its scratch directory. */
  readonly ownDirsOf: (sessionId: string) => readonly string[];
}

/**
 * The caller's input in Codex's form, for turn/start and turn/steer. `sessionId` is missing while there is no session
 * yet. Used to check an input before it is accepted, and again, from the log, when it is sent.
 *
 * Throws `invalid` for what Codex would accept although it must not (nothing but blank text: it would call the model;
 * more characters than it takes; an image that it would leave out silently; a file that is not there), and
 * policy_denied for a path outside the operator's policy.
 */
export type ToCodexInput = (input: TurnInput, sessionId?: string) => UserInput[];

export const createToCodexInput =
  (rules: InputRules): ToCodexInput =>
  (input, sessionId) => {
    if (typeof input === "string") return withinLimits([text(input)]);
    return withinLimits(
      input.flatMap((item, index) => toCodexItems({ item, what: `input[${index}]`, sessionId, rules })),
    );
  };

interface ItemContext {
  readonly item: TurnInputItem;
  /** Where it stands, for an error's text. */
  readonly what: string;
  readonly sessionId: string | undefined;
  readonly rules: InputRules;
}

const toCodexItems = ({ item, what, sessionId, rules }: ItemContext): UserInput[] => {
  if (item.type === "text") return [text(item.text)];
  if (item.type === "image") {
    if (!isImageData(item.url)) throw new ProblemError("invalid", `${what}.url holds no PNG, JPEG, GIF or WebP image.`);
    return [{ type: "image", url: item.url }];
  }
  if (item.type === "upload") return upload(item.fileId, { item, what, sessionId, rules });
  const ownDirs = sessionId === undefined ? [] : rules.ownDirsOf(sessionId);
  const path = allowedFile(`${what}.path "${item.path}"`, item.path, rules.cwdRules, ownDirs);
  if (item.type === "mention") return named(item.name, path);
  if (!isImageFile(path)) {
    throw new ProblemError(
      "invalid",
      `${what}.path "${item.path}" is no readable PNG, JPEG, GIF or WebP image of 32 MiB at most.`,
    );
  }
  return [{ type: "localImage", path }];
};

/** What Codex can show to the model is shown; any other file is named. */
const upload = (fileId: string, { what, sessionId, rules }: ItemContext): UserInput[] => {
  const found = sessionId === undefined ? undefined : rules.fileOf(sessionId, fileId);
  if (!found) throw new ProblemError("invalid", `${what}.fileId: no file ${fileId} is kept with this session.`);
  const { file } = found;
  const path = allowedFile(`${what} (file ${fileId})`, found.path, rules.cwdRules, rules.ownDirsOf(file.sessionId));
  return file.mediaType.startsWith("image/") && isImageFile(path)
    ? [{ type: "localImage", path }]
    : named(file.name, path);
};

/** Codex keeps a mention in its history and does not tell the model of it (0.169.0); so the words do. */
const named = (name: string, path: string): UserInput[] => [
  { type: "mention", name, path },
  text(`File ${JSON.stringify(name)}: ${path}`),
];

const text = (value: string): UserInput => ({ type: "text", text: value, text_elements: [] });

const withinLimits = (items: UserInput[]): UserInput[] => {
  const texts = items.flatMap((item) => (item.type === "text" ? [item.text] : []));
  if (!items.some((item) => item.type !== "text" || item.text.trim() !== "")) {
    throw new ProblemError("invalid", "input is blank.");
  }
  const chars = texts.reduce((sum, each) => sum + each.length, 0);
  if (chars > TURN_TEXT_CHARS_MAX) {
    throw new ProblemError("invalid", `input has ${chars} characters; Codex takes at most ${TURN_TEXT_CHARS_MAX}.`);
  }
  return items;
};

/** An accepted input can no longer be sent as it was accepted: a file is gone, or not allowed any more. */
export class InputGoneError extends Error {
  override readonly name = "InputGoneError";
}

/** The same for an input that was accepted earlier. Throws InputGoneError. */
export const toCodexInputLater = (toCodexInput: ToCodexInput, input: TurnInput, sessionId: string): UserInput[] => {
  try {
    return toCodexInput(input, sessionId);
  } catch (error) {
    if (error instanceof ProblemError) throw new InputGoneError(error.message, { cause: error });
    throw error;
  }
};

import type { Model } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import * as z from "zod";
import { askChild } from "../child/ask-child.ts";
import type { CodexChild } from "../child/codex-child.ts";

/** As Codex tells it; members that are not known yet do no harm. */
const CodexModel = z.looseObject({
  id: z.string(),
  model: z.string().optional(),
  displayName: z.string(),
  description: z.string(),
  isDefault: z.boolean(),
  hidden: z.boolean(),
  supportedReasoningEfforts: z.array(z.looseObject({ reasoningEffort: z.string() })),
  defaultReasoningEffort: z.string().optional(),
  inputModalities: z.array(z.string()),
});

const PAGE_SIZE = 100;
/** A list that never ends is a fault of the child. */
const PAGES_MAX = 100;

/** The models that Codex offers: asked for once a child, since its catalogue stands with its version and its login. */
export class ModelCatalog {
  readonly #child: CodexChild;
  #cached: { readonly generation: number; readonly models: Promise<readonly Model[]> } | undefined;

  constructor(child: CodexChild) {
    this.#child = child;
  }

  /** All of them, hidden ones too. Throws child_unavailable, child_timeout or child_error; a failure is not kept. */
  async list(): Promise<readonly Model[]> {
    await this.#child.ensureReady();
    const { generation } = this.#child;
    if (this.#cached?.generation !== generation) this.#cached = { generation, models: this.#ask() };
    const cached = this.#cached;
    try {
      return await cached.models;
    } catch (error) {
      if (this.#cached === cached) this.#cached = undefined;
      throw error;
    }
  }

  /** The next caller asks again. */
  forget(): void {
    this.#cached = undefined;
  }

  async #ask(): Promise<readonly Model[]> {
    const models: Model[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const listed: { data: unknown; nextCursor: string | null } = await askChild(this.#child, "model/list", {
        limit: PAGE_SIZE,
        includeHidden: true,
        cursor,
      });
      models.push(...parse(listed.data));
      cursor = listed.nextCursor ?? null;
      if (cursor === null) return models;
    }
    throw new ProblemError("child_error", `Codex's list of models does not end after ${PAGES_MAX} pages.`);
  }
}

const parse = (data: unknown): Model[] => {
  const parsed = z.array(CodexModel).safeParse(data);
  if (!parsed.success) throw new ProblemError("child_error", "Codex's list of models cannot be read.");
  return parsed.data.map((model) => ({
    id: model.id,
    ...(model.model === undefined ? {} : { model: model.model }),
    displayName: model.displayName,
    description: model.description,
    isDefault: model.isDefault,
    hidden: model.hidden,
    supportedReasoningEfforts: model.supportedReasoningEfforts.map(({ reasoningEffort }) => reasoningEffort),
    ...(model.defaultReasoningEffort === undefined ? {} : { defaultReasoningEffort: model.defaultReasoningEffort }),
    inputModalities: model.inputModalities,
  }));
};

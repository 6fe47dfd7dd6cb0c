import { computed, signal } from "@preact/signals";

const KEY = "baa.token";

/** The token: pasted once, kept in this tab, never in a URL. */
export class Credential {
  readonly #storage: Storage;
  readonly #token = signal("");
  /** Why it has to be pasted (again). */
  readonly problem = signal<string | undefined>(undefined);
  readonly isKnown = computed(() => this.#token.value !== "");

  constructor(storage: Storage) {
    this.#storage = storage;
    this.#token.value = storage.getItem(KEY) ?? "";
  }

  get token(): string {
    return this.#token.peek();
  }

  accept(token: string): void {
    this.#storage.setItem(KEY, token);
    this.problem.value = undefined;
    this.#token.value = token;
  }

  forget(problem?: string): void {
    this.#storage.removeItem(KEY);
    this.problem.value = problem;
    this.#token.value = "";
  }

  /** The service did not know `sent`. An answer to an older token says nothing about this one. */
  refused(sent: string): void {
    if (sent === this.token && sent !== "") this.forget("The token is not accepted any more. Paste the present one.");
  }
}

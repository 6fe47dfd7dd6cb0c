/** What is used of an area of `browser.storage`. One `set` is one transaction. */
export interface StorageArea {
  get(keys: string | string[]): Promise<Record<string, unknown>>;
  set(items: Record<string, unknown>): Promise<void>;
  remove(keys: string | string[]): Promise<void>;
}

/** The areas that the background uses. `session` lives as long as the browser, `managed` comes from its policies. */
export interface Storage {
  readonly local: StorageArea;
  readonly session: StorageArea;
  readonly managed: Pick<StorageArea, "get">;
}

/** 128 random bits as 32 hex digits. */
export const randomHex = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

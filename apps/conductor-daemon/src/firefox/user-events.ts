import type { ClientFrameOf } from "@baa/contracts/firefox";
import type { Statement } from "@baa/storage";
import type { Outbox } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import { type Tell, teller } from "./teller.ts";

/** UTF-8 bytes of a text that are kept, and characters of an address and a title. */
const TEXT_BYTES = 256 * 1024;
const URL_CHARS = 8_192;
const TITLE_CHARS = 1_024;
const CUT = "\n… (cut)";

/** What the user sends from the browser, told once however often it comes. */
export class UserEvents {
  readonly #tell: Tell;
  readonly #nowMs: () => number;
  readonly #insert: Statement;
  readonly #removeAll: Statement;
  readonly #dropOld: Statement;

  constructor({ database }: Store, o: { outbox: Outbox; nowMs: () => number }) {
    this.#tell = teller(o);
    this.#nowMs = o.nowMs;
    this.#insert = database.prepare(
      "INSERT OR IGNORE INTO firefox_user_events (client_id, event_id, at_ms) VALUES (?, ?, ?)",
    );
    this.#removeAll = database.prepare("DELETE FROM firefox_user_events WHERE client_id = ?");
    this.#dropOld = database.prepare("DELETE FROM firefox_user_events WHERE at_ms < ?");
  }

  /** Only inside `Store.write`. A repetition is passed over. */
  take(clientId: string, { id, kind, at, url, title, text }: ClientFrameOf<"evt">): void {
    const nowMs = this.#nowMs();
    if (Number(this.#insert.run(clientId, id, nowMs).changes) === 0) return;
    const shown = cutText(text);
    this.#tell(kind === "page" ? "firefox.page.sent" : "firefox.selection.sent", {
      clientId,
      eventId: id,
      sentAt: at,
      url: url.slice(0, URL_CHARS),
      title: title.slice(0, TITLE_CHARS),
      text: shown,
      ...(shown === text ? {} : { isCut: true }),
    });
  }

  /** Only inside `Store.write`. */
  removeAll(clientId: string): void {
    this.#removeAll.run(clientId);
  }

  /** Only inside `Store.write`. */
  dropOld(sinceMs: number): void {
    this.#dropOld.run(sinceMs);
  }
}

/** The text, or as much of it as is kept and a mark; never half a character. */
export const cutText = (text: string): string => {
  const bytes = Buffer.from(text);
  if (bytes.length <= TEXT_BYTES) return text;
  const kept = bytes.subarray(0, TEXT_BYTES - Buffer.byteLength(CUT)).toString();
  return kept.replace(/\uFFFD$/u, "") + CUT;
};

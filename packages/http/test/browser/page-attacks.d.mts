/**
 * The kind of address that an attack goes to. `bridge`: where only our extension may open a WebSocket; `guess`: the
 * same while a pairing is open.
 */
export type AddressKind = "read" | "write" | "remove" | "stream" | "bridge" | "guess";

export interface PageAttack {
  readonly to: AddressKind;
  readonly isHeavy?: boolean;
  readonly isSecureOnly?: boolean;
}

/** By name. What each does is for pages, not for Node. */
export const ATTACKS: Readonly<Record<string, PageAttack>>;

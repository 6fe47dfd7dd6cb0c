/** The kind of address that an attack goes to. */
export type AddressKind = "read" | "write" | "remove" | "stream";

export interface PageAttack {
  readonly to: AddressKind;
  readonly isHeavy?: boolean;
  readonly isSecureOnly?: boolean;
}

/** By name. What each does is for pages, not for Node. */
export const ATTACKS: Readonly<Record<string, PageAttack>>;

/**
 * The browser's side of a connection until the server has proved itself. Nothing but the next handshake frame counts
 * until then, whatever a server that is none sends behind it:
 *
 *     connected --challenge--> greeted --welcome, its proof holds--> open
 *                                 |                                   ^
 *                                 +--paired, its proof holds--> paired +   (only when a code was sent)
 *     anything else --> failed
 *
 * One message at a time: whoever drives it finishes a frame, its proof included, before it takes the next.
 */
export type ClientHandshakeState = "connected" | "greeted" | "paired" | "open" | "failed";

export type ClientHandshakeInput =
  | { readonly kind: "challenge"; readonly isVersionKnown: boolean }
  | { readonly kind: "paired"; readonly proofHolds: boolean }
  | { readonly kind: "welcome"; readonly proofHolds: boolean }
  | { readonly kind: "other frame" };

export interface ClientHandshakeStep {
  readonly state: ClientHandshakeState;
  readonly effect?: "sendHello" | "storeKey" | "begin";
  /** Why it failed. */
  readonly fault?: "version" | "impostor" | "protocol";
}

/** `with`: the secret that our hello proves. */
export const stepClientHandshake = (
  state: ClientHandshakeState,
  input: ClientHandshakeInput,
  o: { readonly with: "key" | "code" },
): ClientHandshakeStep => {
  if (state === "open" || state === "failed") return { state };
  if (state === "connected" && input.kind === "challenge") {
    return input.isVersionKnown ? { state: "greeted", effect: "sendHello" } : { state: "failed", fault: "version" };
  }
  if (state === "greeted" && input.kind === "paired" && o.with === "code") {
    return input.proofHolds ? { state: "paired", effect: "storeKey" } : { state: "failed", fault: "impostor" };
  }
  if (input.kind === "welcome" && state === (o.with === "code" ? "paired" : "greeted")) {
    return input.proofHolds ? { state: "open", effect: "begin" } : { state: "failed", fault: "impostor" };
  }
  return { state: "failed", fault: "protocol" };
};

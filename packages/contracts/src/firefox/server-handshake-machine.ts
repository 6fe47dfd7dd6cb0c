import type { WS_CLOSE } from "../close-codes.ts";

/**
 * The server's side of a connection until the browser has proved itself:
 *
 *     challenged --hello--> proving --proved--> open
 *         |                    |
 *         +--- anything else --+--> closed
 *
 * One message at a time: whoever drives it takes no frame from the socket while it is `proving`.
 */
export type ServerHandshakeState = "challenged" | "proving" | "open" | "closed";

export type ServerHandshakeInput =
  | { readonly kind: "hello"; readonly isVersionKnown: boolean }
  /** Any other frame, or what is none, or too long. */
  | { readonly kind: "other frame" }
  | { readonly kind: "proved" }
  | { readonly kind: "refuted" }
  | { readonly kind: "time is over" }
  | { readonly kind: "socket closed" };

export interface ServerHandshakeStep {
  readonly state: ServerHandshakeState;
  readonly effect?: "verify" | "welcome";
  /** Name of the code with which the socket is to be closed. */
  readonly close?: keyof typeof WS_CLOSE;
}

export const stepServerHandshake = (state: ServerHandshakeState, input: ServerHandshakeInput): ServerHandshakeStep => {
  if (state === "open" || state === "closed") {
    return { state: input.kind === "socket closed" ? "closed" : state };
  }
  switch (input.kind) {
    case "hello":
      if (state !== "challenged") return closed("auth");
      return input.isVersionKnown ? { state: "proving", effect: "verify" } : closed("version");
    case "proved":
      return state === "proving" ? { state: "open", effect: "welcome" } : closed("auth");
    case "time is over":
      return closed("handshake");
    case "socket closed":
      return { state: "closed" };
    default:
      return closed("auth");
  }
};

const closed = (close: keyof typeof WS_CLOSE): ServerHandshakeStep => ({ state: "closed", close });

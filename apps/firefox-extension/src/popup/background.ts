import type { PopupAction, PopupReply, PopupState, ToBackground } from "../shared/popup-messages.ts";

const NO_ANSWER =
  "The extension does not answer. Open this window again; if that does not help, switch it off and on in about:addons.";

/** Sends it to the background. @throws when nobody is there. */
const send = (action: PopupAction): Promise<unknown> =>
  browser.runtime.sendMessage({ kind: "popup", action } satisfies ToBackground);

/** Asks the background to do it. Whatever happens, there is an answer that can be shown. */
export const ask = async (action: PopupAction): Promise<PopupReply> => {
  try {
    const reply = (await send(action)) as PopupReply | undefined;
    return reply ?? { ok: false, error: NO_ANSWER };
  } catch (error) {
    return { ok: false, error: error instanceof Error && !isNobody(error) ? error.message : NO_ANSWER };
  }
};

/** The state, or undefined while the background is being started. */
export const readState = async (): Promise<PopupState | undefined> => {
  try {
    return (await send({ do: "tellState" })) as PopupState | undefined;
  } catch {
    return undefined; // it is being started, and is asked again
  }
};

/** Firefox's words for a background that is not there. */
const isNobody = ({ message }: Error): boolean => /establish connection|receiving end|before a response/i.test(message);

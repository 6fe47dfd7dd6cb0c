import type { PopupAction } from "../shared/popup-messages.ts";
import { ask } from "./background.ts";
import { byId, setSentence, setShown, setText } from "./elements.ts";
import type { OnSite } from "./lists.ts";

/**
 * Lets the background do it, once at a time for one control. What went wrong is told at `errorAt`.
 * @returns whether it was done.
 */
export type Act = (control: HTMLElement, action: PopupAction, errorAt: string) => Promise<boolean>;

/** `changed` is called after each action: the state may be another one. */
export const newAct =
  (changed: () => void): Act =>
  async (control, action, errorAt) => {
    if (control.getAttribute("aria-busy") === "true") return false;
    control.setAttribute("aria-busy", "true");
    setText(byId(errorAt), "");
    const reply = await ask(action);
    control.removeAttribute("aria-busy");
    if (!reply.ok) setSentence(byId(errorAt), reply.error);
    changed();
    return reply.ok;
  };

/** What a click on the controls of popup.html does. */
export const wireControls = (act: Act): void => {
  onClick("connect", (self) => void act(self, { do: "connect" }, "connect-error"));
  onClick("pause-switch", (self) => {
    const isPaused = self.getAttribute("aria-checked") !== "true";
    void act(self, { do: "setPaused", isPaused }, "pause-error");
  });
  onClick("page-allow", (self) => void decide(act, self, "allowed"));
  onClick("page-deny", (self) => void decide(act, self, "denied"));
  wireSend(act);
  wirePairing(act);
  wireAddress(act);
  wireUnpair(act);
  wirePermission();
};

/** For the buttons in the lists. */
export const onSiteOf =
  (act: Act): OnSite =>
  (button, site, access) =>
    void act(button, { do: "setSite", site, access }, access === null ? "sites-error" : "asked-error");

const onClick = (id: string, listener: (self: HTMLElement) => void): void => {
  const element = byId(id);
  element.addEventListener("click", () => listener(element));
};

const onSubmit = (id: string, listener: () => void): void =>
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    listener();
  });

/** Pressing what is on already takes the rule back, if it is the site's own. */
const decide = (act: Act, self: HTMLElement, access: "allowed" | "denied"): Promise<boolean> => {
  const { site = "", hasOwnRule } = byId("page").dataset;
  const isUndone = self.getAttribute("aria-pressed") === "true" && hasOwnRule === "true";
  return act(self, { do: "setSite", site, access: isUndone ? null : access }, "page-error");
};

const wireSend = (act: Act): void => {
  const send = async (self: HTMLElement, action: "sendPage" | "sendSelection", done: string): Promise<void> => {
    setText(byId("send-note"), "");
    if (await act(self, { do: action }, "send-error")) setText(byId("send-note"), done);
  };
  onClick("send-page", (self) => void send(self, "sendPage", "The page was sent."));
  onClick("send-selection", (self) => void send(self, "sendSelection", "The selection was sent."));
};

const wirePairing = (act: Act): void => {
  const code = byId<HTMLInputElement>("code");
  const button = byId("pair-send");
  onSubmit("pair", () => {
    const digits = code.value.replaceAll(/[\s-]/g, "");
    if (!/^\d{8}$/.test(digits)) {
      setSentence(byId("pair-error"), "A code has eight digits. `baa firefox pair` shows one.");
      code.select();
      return;
    }
    setText(button, "Pairing…");
    void act(button, { do: "pair", code: digits }, "pair-error").then((isDone) => {
      setText(button, "Pair");
      if (!isDone) return code.select();
      code.value = "";
      byId("status-title").focus();
    });
  });
};

const wireAddress = (act: Act): void => {
  const url = byId<HTMLInputElement>("url");
  /** From now on it follows the state again. */
  const settle = (): void => void (url.defaultValue = url.value);
  onSubmit("address", () => {
    const address = url.value.trim();
    void act(byId("url-save"), { do: "setUrl", url: address }, "url-error").then((isDone) => isDone && settle());
  });
  onClick("url-default", (self) => void act(self, { do: "setUrl" }, "url-error").then((isDone) => isDone && settle()));
};

const wireUnpair = (act: Act): void => {
  const ask = (isAsked: boolean): void => {
    setShown(byId("unpair-confirm"), isAsked);
    setShown(byId("unpair-ask"), !isAsked);
    byId(isAsked ? "unpair-keep" : "unpair-ask").focus();
  };
  onClick("unpair-ask", () => ask(true));
  onClick("unpair-keep", () => ask(false));
  onClick("unpair-do", (self) => {
    void act(self, { do: "unpair" }, "unpair-error").then((isDone) => {
      ask(false);
      if (isDone) byId("status-title").focus();
    });
  });
  byId("unpair-confirm").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // which would close the popup
    ask(false);
  });
};

/** Firefox asks the user, and only from a click. */
const wirePermission = (): void =>
  onClick("permission-give", () => {
    void browser.permissions.request({ origins: ["<all_urls>"] }).catch((error: unknown) => {
      setText(byId("permission-error"), error instanceof Error ? error.message : String(error));
    });
  });

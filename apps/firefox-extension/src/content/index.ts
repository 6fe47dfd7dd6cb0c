import type { ToPage } from "../shared/page-messages.ts";
import { PageDesk } from "./page-desk.ts";

declare global {
  /** Set by the first run in this page: a later injection changes nothing. */
  var conductorPageDesk: PageDesk | undefined;
}

if (globalThis.conductorPageDesk === undefined) {
  const desk = new PageDesk((message) => browser.runtime.sendMessage(message));
  globalThis.conductorPageDesk = desk;
  browser.runtime.onMessage.addListener((message: unknown) => desk.handle(message as ToPage));
}

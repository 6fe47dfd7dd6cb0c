/**
 * The Firefox bridge: what conductor and the extension say to each other. Importable alone; zod/mini, because the
 * extension carries it. Page for people: docs/reference/firefox-protocol.md.
 */
export { WS_CLOSE } from "../close-codes.ts";
export { SiteAdapter } from "./adapters.ts";
export { stepClientHandshake } from "./client-handshake-machine.ts";
export type { ClientHandshakeInput, ClientHandshakeState, ClientHandshakeStep } from "./client-handshake-machine.ts";
export { FIREFOX_COMMAND_STATES, isOpenCommand, stepFirefoxCommand } from "./command-machine.ts";
export type {
  FirefoxCommandFacts,
  FirefoxCommandInput,
  FirefoxCommandState,
  FirefoxCommandStep,
} from "./command-machine.ts";
export {
  BrowserInfo,
  ClientFrame,
  FirefoxClientId,
  FirefoxError,
  readClientFrame,
  readServerFrame,
  ServerFrame,
} from "./frames.ts";
export type { ClientFrameOf, ServerFrameOf } from "./frames.ts";
export { actionFor } from "./journal-machine.ts";
export type { JournalAction, JournalEntryState, JournalFacts } from "./journal-machine.ts";
export { FIREFOX_LIMITS } from "./limits.ts";
export {
  effectOf,
  FIREFOX_ERRORS,
  FIREFOX_METHOD_NAMES,
  FIREFOX_METHODS,
  isFirefoxMethod,
  SiteLogin,
  Tab,
} from "./methods.ts";
export type { FirefoxErrorCode, FirefoxMethod, FirefoxParams, FirefoxResult } from "./methods.ts";
export { proofHolds, proofOf, randomSecret } from "./proof.ts";
export type { ProofInput } from "./proof.ts";
export { stepServerHandshake } from "./server-handshake-machine.ts";
export type { ServerHandshakeInput, ServerHandshakeState, ServerHandshakeStep } from "./server-handshake-machine.ts";
export { accessOf, ruleOf, SITE_ACCESS, siteOf, SitePattern, SiteRule } from "./sites.ts";
export type { SiteAccess } from "./sites.ts";
export {
  FIREFOX_DEFAULT_URL,
  FIREFOX_EXTENSION_ID,
  FIREFOX_PATH,
  FIREFOX_PROTOCOL,
  FIREFOX_VERSIONS,
} from "./version.ts";

import type { WS_CLOSE } from "../../../packages/contracts/src/index.ts";
import type {
  ClientFrame,
  FIREFOX_LIMITS,
  FirefoxMethod,
  ServerFrame,
} from "../../../packages/contracts/src/firefox/index.ts";

/** What docs/reference/firefox-protocol.md says of what the contract only names. A name that is missing here is a type error. */

export const SERVER_FRAME_WORDS: Readonly<Record<ServerFrame["t"], string>> = {
  challenge: "The first frame of a connection: the versions that conductor speaks, who it is, and its nonce.",
  paired: "The code was right: the key of this pairing, which never crosses again.",
  welcome: "The key's proof holds, and this is conductor's own. What conductor knows of sites comes with it.",
  ping: "Is somebody there? Answered with `pong`. A frame and no WebSocket ping, because only a message that a script handles keeps Firefox from suspending an event page.",
  cmd: "Do this. `ttlMs` is what is left of its time, so no clock is trusted. One that the browser knows already is answered with what became of it.",
  cancel: "Stop it, if it is not over yet; what it has done stays done.",
  resync: "A chunk is missing: send the stream's whole text again.",
  resultAck: "The result is on disk, or nobody waits for it: forget it.",
  evtAck: "What the user sent is on disk: forget it.",
  sites: "The rules about sites have changed: these count from now on, in place of all others.",
};

export const CLIENT_FRAME_WORDS: Readonly<Record<ClientFrame["t"], string>> = {
  hello: "Who it is, and the proof that it knows the key, or the code of an open pairing.",
  pong: "The answer to a `ping`. Any other frame counts as a sign of life, too.",
  journal:
    "The first frame after a welcome: the commands that its journal holds, and the methods that it offers. Conductor sends no command before it has come.",
  accepted: "It is being done. `dup`: the browser knew it before this delivery.",
  chunk:
    "The stream's text from `from` on (counted in UTF-16 units) is replaced by `text`. Numbered from 0 for each connection. An AI's answer is rendered anew while it grows, so a chunk is no mere appendix.",
  part: "A piece of a long result's JSON text, `n` of `of`, in order, before the `result` that has `parts`.",
  result:
    "How it ended. Journaled before it is sent, and kept until `resultAck`. `value`, or as many `parts` as came before it, or `error`; a failure without `error` is taken for one that is `unknown`.",
  tabs: "All tabs. The newest `rev` counts; nothing is replayed.",
  evt: "What the user sends: a page or a selection. Kept, and sent again after each welcome, until `evtAck`.",
  state: "Whether the user has paused it, where the user is logged in, and what it says of itself.",
  site: "The user decides about a site in the popup; `null` forgets the rule. Conductor answers with `sites`.",
  unpair: "The user ends the pairing. Conductor forgets the key and closes with 4410.",
};

export const CLOSE_WORDS: Readonly<Record<keyof typeof WS_CLOSE, { when: string; extension: string }>> = {
  goingAway: { when: "conductor stops, or could not store what came", extension: "it comes back at once" },
  auth: {
    when: "before the proof: anything but a hello, a proof that does not hold, too many bytes",
    extension: "with a code: the code is given up. With a key: the key is kept, and it is tried again every minute",
  },
  forbidden: {
    when: "not sent by the bridge; a socket that may not be there is refused before 101",
    extension: "as 4401",
  },
  handshake: { when: "no proof within `handshakeMs`", extension: "it comes back, later each time, at most 15 s" },
  superseded: {
    when: "a newer connection of the same browser has proved itself",
    extension: "it stays away until the user presses *Connect here*, or the browser is started again",
  },
  revoked: { when: "the pairing has ended, by the operator or by the user", extension: "the key is forgotten" },
  version: { when: "no version in common", extension: "it is tried again every minute" },
  slow: { when: "the browser has taken no byte for 30 s", extension: "it comes back after 2 s" },
};

export const LIMIT_WORDS: Readonly<Record<keyof typeof FIREFOX_LIMITS, string>> = {
  handshakeMs: "from the upgrade to a proof that holds",
  handshakeBytes: "all that a browser may send before its proof, as one frame",
  frameBytes: "one frame after it",
  heartbeatMs: "between two pings",
  pingsMissedMax: "pings without any sign of life before conductor cuts the connection",
  silenceMs: "without any frame the extension gives a connection up",
  inlineResultChars: "JSON text of a result that goes in one frame; a longer one goes in parts",
  partChars: "JSON text in one part, and text in one chunk",
  resultChars: "JSON text of one result, all parts together; beyond it `too_large`",
  chunkMs: "between two chunks of a stream; what changes twice in between goes once",
  bufferedBytes: "unsent: until it is less, no chunk, part or command is added",
  pairingMs: "a code that a person types is good for so long",
  pairingTries: "wrong proofs of a code before it is gone",
  policyPairingMs: "a policy's code is good for so long",
  commandTtlMs: "time of a command that asks for none",
  commandTtlMsMax: "time that one may ask for",
  graceMs: "after its deadline a command in the browser has so long to say how it ended",
  openCommandsMax: "commands of one browser that have not ended; one more is 429 `firefox_full`",
  paramsBytes: "JSON text of a command's parameters",
  userEventsMax: "pages and selections that wait in the extension; beyond it nothing more is taken from the user",
};

export const METHOD_WORDS: Readonly<Record<FirefoxMethod, string>> = {
  "tabs.list": "all tabs; of a site that is not allowed only the site",
  "tabs.open": "open an address in a new tab",
  "tabs.focus": "bring a tab and its window to the front",
  "tabs.close": "close a tab",
  "tabs.reload": "load a tab again; answers when it is loaded",
  "page.info": "address, title, language, how far it is loaded",
  "page.text": "what a page says: the article alone (`readable`), all that it shows (`all`), or one element",
  "page.html": "the markup of a page or of one element",
  "page.screenshot": "a picture of what is visible, or of the whole page (`full`)",
  "page.waitFor": "wait until an element is there, is visible, or is gone",
  "page.click": "click an element",
  "page.type": "put text into a field or an editor; `submit` sends its form, or presses Enter",
  "page.fetch": "a request in the page's session; GET and HEAD count as reads",
  "chat.send": "send a prompt to a web AI and stream its answer; one at a time in a tab",
  "chat.stop": "press the page's own stop button",
  "sites.check": "where the user seems to be logged in, and which marks of an adapter are missing",
};

/** Name of the protocol and the WebSocket subprotocol that both sides must name. */
export const FIREFOX_PROTOCOL = "conductor.firefox.v1";
/** Oldest and newest version of the frames that this code speaks. */
export const FIREFOX_VERSIONS: readonly [min: number, max: number] = [1, 1];
/** The only path at which it is served. */
export const FIREFOX_PATH = "/ws/firefox";
/** Id of our extension in every Firefox. */
export const FIREFOX_EXTENSION_ID = "conductor@baa-conductor";
/** Where the extension dials unless its user or a policy says otherwise. */
export const FIREFOX_DEFAULT_URL = `ws://127.0.0.1:4317${FIREFOX_PATH}`;

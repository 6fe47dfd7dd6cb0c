export { Bidi, BidiError } from "./bidi.ts";
export { FirefoxExtension } from "./extension.ts";
export { TestFirefox } from "./firefox.ts";
export type { FirefoxOptions } from "./firefox.ts";
export { FirefoxPage } from "./page.ts";
export { packExtension } from "./pack.ts";

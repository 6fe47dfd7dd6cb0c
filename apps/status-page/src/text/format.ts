const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds as people say them: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`. */
export const duration = (ms: number): string => {
  if (ms < 10 * SECOND) return `${(Math.max(0, ms) / SECOND).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return pair(ms, { unit: MINUTE, name: "min" }, { unit: SECOND, name: "s" });
  if (ms < DAY) return pair(ms, { unit: HOUR, name: "h" }, { unit: MINUTE, name: "min" });
  return pair(ms, { unit: DAY, name: "d" }, { unit: HOUR, name: "h" });
};

const pair = (ms: number, big: { unit: number; name: string }, small: { unit: number; name: string }): string => {
  const rest = Math.floor((ms % big.unit) / small.unit);
  const whole = `${Math.floor(ms / big.unit)} ${big.name}`;
  return rest === 0 ? whole : `${whole} ${rest} ${small.name}`;
};

/** How long ago, with one unit: `just now`, `42 s ago`, `3 min ago`. */
export const ago = (ms: number): string => {
  if (ms < 2 * SECOND) return "just now";
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ago`;
  return `${Math.floor(ms / DAY)} d ago`;
};

/** Counts with thin groups: `12 345`. */
export const count = (value: number): string => String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, "\u202f");

/** `1 turn`, `2 turns`. */
export const plural = (value: number, one: string): string => `${count(value)} ${one}${value === 1 ? "" : "s"}`;

/** Tokens: `830`, `12.4k`, `1.2M`. */
export const tokens = (value: number): string => {
  if (value < 1000) return String(value);
  if (value < 999_950) return `${(value / 1000).toFixed(1)}k`;
  return `${(value / 1_000_000).toFixed(1)}M`;
};

/** The first and last hex digits of an id, enough to tell ids apart: `ses_0198…7f2c`. */
export const shortId = (id: string): string => {
  const digits = id.slice(id.indexOf("_") + 1);
  return digits.length <= 12 ? id : `${id.slice(0, id.length - digits.length + 4)}…${digits.slice(-4)}`;
};

/** Local wall time of an RFC 3339 timestamp: `14:03:59`. */
export const clockTime = (at: string): string => {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
};

/** Timestamps inside a sentence of a service as local wall times. */
export const withLocalTimes = (text: string): string =>
  text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, clockTime);

/** The end of a path, which is what tells two apart: `…/code/project`. */
export const shortPath = (path: string): string => {
  const parts = path.split("/").filter((part) => part !== "");
  return parts.length <= 3 ? path : `…/${parts.slice(-2).join("/")}`;
};

/** One word of the contract as people read it: `awaitingApproval` becomes `awaiting approval`. */
export const words = (name: string): string =>
  name.replaceAll(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);

// Two property lists compared key by key, for people: what an installation would change, or what has drifted.
import { Real } from "../plist.mjs";

const SECRET = /(TOKEN|SECRET|PASSWORD|API_KEY)$/;

/** `[{key, was?, now?}]` in key order; dictionaries are entered, everything else is compared whole. */
export const diffTrees = (was, now) => diffDicts(toMap(was), toMap(now), []);

const toMap = (tree) => (tree instanceof Map ? tree : new Map());

const diffDicts = (was, now, path) =>
  [...new Set([...was.keys(), ...now.keys()])].flatMap((key) => {
    const [a, b] = [was.get(key), now.get(key)];
    if (isEntered(a, b) || isEntered(b, a)) return diffDicts(toMap(a), toMap(b), [...path, key]);
    if (shown(a) === shown(b)) return [];
    return [{ key: [...path, key].join("."), ...side("was", key, a), ...side("now", key, b) }];
  });

/** Two dictionaries, or one that has keys beside nothing at all. */
const isEntered = (a, b) => a instanceof Map && (b instanceof Map || (b === undefined && a.size > 0));

const side = (name, key, value) =>
  value === undefined ? {} : { [name]: SECRET.test(key) ? "(hidden)" : shown(value) };

/** One line that differs whenever type or value differ. */
const shown = (value) => {
  if (value instanceof Map)
    return `{${[...value].map(([key, item]) => `${key}: ${SECRET.test(key) ? "(hidden)" : shown(item)}`).join(", ")}}`;
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  if (value instanceof Real) return `real ${value.value}`;
  if (value instanceof Date) return `date ${value.toISOString()}`;
  if (Buffer.isBuffer(value)) return `data ${value.toString("base64")}`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
};

/** The lines of one difference. */
export const diffLines = ({ key, was, now }) => [
  ...(was === undefined ? [] : [`- ${key}: ${was}`]),
  ...(now === undefined ? [] : [`+ ${key}: ${now}`]),
];

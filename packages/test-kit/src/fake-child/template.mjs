import { randomUUID } from "node:crypto";

const WHOLE = /^\{\{([^{}]+)\}\}$/;
const INSIDE = /\{\{([^{}]+)\}\}/g;

/**
 * Fills `{{path|default}}` in every string of a value. A string that is nothing but one placeholder becomes the
 * value itself (number, object, or nothing when undefined). See scenario.ts for the names.
 */
export function fill(value, scope) {
  if (typeof value === "string") return fillString(value, scope);
  if (Array.isArray(value)) return value.map((entry) => fill(entry, scope));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, fill(entry, scope)]));
}

function fillString(text, scope) {
  const whole = WHOLE.exec(text);
  if (whole !== null) return lookUp(whole[1], scope);
  return text.replace(INSIDE, (_, name) => String(lookUp(name, scope) ?? ""));
}

function lookUp(expression, scope) {
  const [name, ...fallback] = expression.split("|");
  const value = special(name, scope) ?? path(name, scope);
  return value === undefined && fallback.length > 0 ? JSON.parse(fallback.join("|")) : value;
}

function special(name, scope) {
  if (name === "newId") return randomUUID();
  if (name === "nowMs") return Date.now();
  if (name === "nowS") return Math.floor(Date.now() / 1000);
  if (name === "pid") return process.pid;
  if (name === "codexHome") return process.env.CODEX_HOME ?? "";
  if (name.startsWith("turnsOf:")) return scope.memory.turnsOf(path(name.slice(8), scope));
  if (name.startsWith("knows:")) return scope.memory.knows(path(name.slice(6), scope));
  return undefined;
}

function path(name, scope) {
  return name.split(".").reduce((value, key) => value?.[key], scope);
}

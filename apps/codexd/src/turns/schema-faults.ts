import type { RunDetail } from "@baa/contracts";

/** A mistake and where it is: `path` is a JSON pointer. */
export type Fault = NonNullable<RunDetail["outputErrors"]>[number];

const REFERENCES = new Set(["$ref", "$dynamicRef", "$recursiveRef"]);
const DIALECTS = [
  "https://json-schema.org/draft/2020-12/schema",
  "http://json-schema.org/draft-07/schema",
  "http://json-schema.org/draft-06/schema",
];

/** What is wrong with a JSON schema that its meta-schema does not say: references to elsewhere, patterns, its dialect. */
export const findSchemaFaults = (schema: Record<string, unknown>): Fault[] => {
  const faults = dialectFaults(schema);
  walk(schema, (path, key, text) => {
    if (REFERENCES.has(key) && !text.startsWith("#"))
      faults.push({ path, message: "must begin with #: nothing is fetched" });
    const fault = key === "pattern" ? patternFault(text) : undefined;
    if (fault !== undefined) faults.push({ path, message: fault });
  });
  return faults;
};

/** Where the reference stands that leads nowhere. */
export const pathOfReference = (schema: Record<string, unknown>, missing: string): string => {
  let found = "";
  walk(schema, (path, key, text) => {
    if (found === "" && REFERENCES.has(key) && missing.endsWith(text)) found = path;
  });
  return found;
};

/** The keywords of draft 6 are those of draft 7. */
export const isDraft7 = (schema: Record<string, unknown>): boolean => {
  const dialect = schema["$schema"];
  return typeof dialect === "string" && DIALECTS.indexOf(withoutHash(dialect)) > 0;
};

const dialectFaults = (schema: Record<string, unknown>): Fault[] => {
  const dialect = schema["$schema"];
  if (dialect === undefined || (typeof dialect === "string" && DIALECTS.includes(withoutHash(dialect)))) return [];
  return [{ path: "/$schema", message: `must be one of ${DIALECTS.join(", ")}` }];
};

const withoutHash = (uri: string): string => uri.replace(/#$/, "");

const patternFault = (pattern: string): string | undefined => {
  try {
    void new RegExp(pattern, "u");
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

/** Every text of the schema with its key and pointer. Constants and examples are data, and not looked into. */
const walk = (value: unknown, visit: (path: string, key: string, text: string) => void, path = ""): void => {
  if (typeof value !== "object" || value === null) return;
  for (const [key, entry] of Object.entries(value)) {
    if (key === "const" || key === "enum" || key === "default" || key === "examples") continue;
    const at = `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (typeof entry === "string") visit(at, key, entry);
    else walk(entry, visit, at);
  }
};

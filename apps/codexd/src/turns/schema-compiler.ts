import vm from "node:vm";
import type { ErrorObject, Options } from "ajv";
import { type Fault, isDraft7, pathOfReference } from "./schema-faults.ts";

/** Milliseconds that compiling a schema, or checking an answer with it, may hold up everything else. */
const TIME_MS_MAX = 1000;

/** `format` is a note, as the dialects have it; keywords that are not known are ignored. Nothing is logged or fetched. */
const OPTIONS: Options = {
  strict: false,
  allErrors: true,
  validateFormats: false,
  validateSchema: false,
  logger: false,
};

export interface Compiled {
  /** Where the value does not fit; empty when it does. */
  readonly validate: (value: unknown) => Fault[];
}

export class TookTooLongError extends Error {
  override readonly name = "TookTooLongError";
}

/**
 * Compiles a schema of draft 2020-12, 7 or 6, or says where it is wrong. The compiler is loaded with the first schema,
 * so that a start does not wait for it.
 */
export const compileSchema = async (schema: Record<string, unknown>): Promise<Compiled | { faults: Fault[] }> => {
  const { Ajv } = isDraft7(schema) ? await import("ajv") : { Ajv: (await import("ajv/dist/2020.js")).Ajv2020 };
  // One for each schema: they may bear the same name.
  const ajv = new Ajv(OPTIONS);
  const plain = withoutDialect(schema);
  // The dialect's own schema is compiled here: on a busy machine that alone may take as long as a foreign one may.
  await ajv.validateSchema({});
  try {
    if (!inTime(() => ajv.validateSchema(plain))) return { faults: firstOfEach(faultsOf(ajv.errors)) };
    const check = inTime(() => ajv.compile(plain));
    return { validate: (value) => (check(value) ? [] : faultsOf(check.errors)) };
  } catch (error) {
    return { faults: [compileFault(schema, error)] };
  }
};

/** Runs a step that must not take long. Throws TookTooLongError, and whatever the step throws. */
export const inTime = <T>(step: () => T): T => {
  let result: { value: T } | undefined;
  try {
    // The only way to stop a regular expression that has no end.
    vm.runInNewContext("step()", { step: () => void (result = { value: step() }) }, { timeout: TIME_MS_MAX });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    throw new TookTooLongError(`could not be checked within ${TIME_MS_MAX} ms`, { cause: error });
  }
  return (result as { value: T }).value;
};

/** The dialect is known by now; `$async` would make the check a promise. */
const withoutDialect = (schema: Record<string, unknown>): Record<string, unknown> => {
  const { $schema: _dialect, $async: _async, ...plain } = schema;
  return plain;
};

const compileFault = (schema: Record<string, unknown>, error: unknown): Fault => {
  const { missingRef, message } = error as Error & { missingRef?: string };
  return { path: missingRef === undefined ? "" : pathOfReference(schema, missingRef), message };
};

const faultsOf = (errors: readonly ErrorObject[] | null | undefined): Fault[] =>
  (errors ?? []).map(({ instancePath: path, keyword, message = "does not fit", params }) => {
    const which = keyword === "additionalProperties" ? `: ${JSON.stringify(params["additionalProperty"])}` : "";
    return { path, message: `${message}${which}` };
  });

/** Of a schema itself one sentence for each place: that all alternatives of the meta-schema fail says nothing more. */
const firstOfEach = (faults: readonly Fault[]): Fault[] =>
  faults.filter(({ path }, index) => faults.findIndex((other) => other.path === path) === index);

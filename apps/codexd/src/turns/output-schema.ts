import { OUTPUT_SCHEMA_BYTES_MAX, type TurnDetail } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import { type Compiled, compileSchema, inTime, TookTooLongError } from "./schema-compiler.ts";
import { findSchemaFaults, type Fault } from "./schema-faults.ts";

/** Of many mistakes these are told. */
const ERRORS_MAX = 100;

type Schema = Record<string, unknown>;
export type Output = Pick<TurnDetail, "output" | "outputErrors">;

/** Throws `invalid`, with `errors` that say where, unless answers can be checked with the schema. */
export const assertOutputSchema = async (schema: Schema): Promise<void> => {
  const bytes = Buffer.byteLength(JSON.stringify(schema));
  if (bytes > OUTPUT_SCHEMA_BYTES_MAX)
    throw invalid([{ path: "", message: `has ${bytes} bytes; at most ${OUTPUT_SCHEMA_BYTES_MAX} are taken` }]);
  const faults = findSchemaFaults(schema);
  if (faults.length > 0) throw invalid(faults);
  const compiled = await compileSchema(schema);
  if ("faults" in compiled) throw invalid(compiled.faults);
};

/** The answer as JSON that fits the schema, or where it does not. `items` are the turn's. */
export const readOutput = async (schema: Schema, items: TurnDetail["items"]): Promise<Output> => {
  const text = items.findLast((item) => item.type === "agentMessage" && item["phase"] !== "commentary")?.text;
  if (text === undefined) return { outputErrors: [{ path: "", message: "there is no answer" }] };
  let output: unknown;
  try {
    output = JSON.parse(text);
  } catch (error) {
    return { outputErrors: [{ path: "", message: `is not JSON: ${(error as Error).message}` }] };
  }
  const compiled = await compileSchema(schema);
  const faults = "faults" in compiled ? compiled.faults : check(compiled, output);
  return faults.length === 0 ? { output } : { outputErrors: faults.slice(0, ERRORS_MAX) };
};

const check = ({ validate }: Compiled, output: unknown): Fault[] => {
  try {
    return inTime(() => validate(output));
  } catch (error) {
    // A pattern that backtracks without end, or an answer nested more deeply than the stack.
    if (error instanceof TookTooLongError) return [{ path: "", message: error.message }];
    if (error instanceof RangeError) return [{ path: "", message: "is nested too deeply to be checked" }];
    throw error;
  }
};

const invalid = (faults: readonly Fault[]): ProblemError => {
  const errors = faults.map(({ path, message }) => ({ path: `body.outputSchema${path}`, message }));
  return new ProblemError("invalid", "outputSchema cannot be used.", { extra: { errors } });
};

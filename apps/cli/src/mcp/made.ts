import type * as z from "zod";

/** The schema behind a contract that is made at its first use: the SDK wants to see the object itself. */
export const made = <S extends z.ZodType>(contract: z.ZodLazy<S>): S => contract.unwrap();

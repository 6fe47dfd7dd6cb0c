import * as z from "zod";
import { Usage } from "./turns.ts";

export const NoBody = z.lazy(() => z.strictObject({}).optional());

/** A model as Codex lists it. */
export const Model = z.lazy(() =>
  z.looseObject({
    id: z.string(),
    displayName: z.string(),
    description: z.string(),
    isDefault: z.boolean(),
    hidden: z.boolean(),
    supportedReasoningEfforts: z.array(z.string()),
    inputModalities: z.array(z.string()),
  }),
);
export type Model = z.infer<typeof Model>;
export const ModelList = z.lazy(() =>
  z.looseObject({
    models: z.array(Model),
    nextCursor: z.string().nullable(),
    asOfSeq: z.number().int(),
  }),
);

/** A login that was begun here. `authUrl`: to open in a browser; `verificationUrl` and `userCode`: on any device. */
export const LoginAttempt = z.lazy(() =>
  z.looseObject({
    type: z.enum(["apiKey", "chatgpt", "deviceCode"]),
    state: z.enum(["pending", "completed", "failed"]),
    loginId: z.string().optional(),
    authUrl: z.string().optional(),
    verificationUrl: z.string().optional(),
    userCode: z.string().optional(),
    error: z.string().optional(),
  }),
);
export type LoginAttempt = z.infer<typeof LoginAttempt>;

/** `requiresLogin`: the provider in use needs a login and there is none, so turns would fail. */
export const Account = z.lazy(() =>
  z.looseObject({
    requiresLogin: z.boolean(),
    type: z.string().optional(),
    email: z.string().optional(),
    planType: z.string().optional(),
    login: LoginAttempt.optional(),
  }),
);
export type Account = z.infer<typeof Account>;
export const AccountReply = z.lazy(() => z.looseObject({ account: Account }));

/** `rateLimits`: Codex's own snapshot, verbatim; missing when the provider tells none. */
export const UsageReply = z.lazy(() =>
  z.looseObject({
    usage: z.looseObject({
      rateLimits: z.unknown().optional(),
      turns: z.number().int(),
      tokens: Usage,
    }),
  }),
);

export const Login = z.lazy(() =>
  z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("apiKey"), apiKey: z.string().min(8).max(4096) }),
    z.strictObject({ type: z.literal("chatgpt") }),
    z.strictObject({ type: z.literal("deviceCode") }),
  ]),
);
export type Login = z.infer<typeof Login>;
export const LoginReply = z.lazy(() => z.looseObject({ login: LoginAttempt }));

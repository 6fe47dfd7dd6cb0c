import { codexPlay, type Step } from "@baa/test-kit";
import { leak } from "./attacks.ts";
import { makeFakeSystem, NO_PROBES, writeToken } from "./fake-system.ts";

/** Chosen by us, so that it can be looked for everywhere. */
export const TOKEN = "cAnArY_k7Qm2xVb9Zt4Lw8Rj1Np6Hs3Df5Gy0Ue";
/** Where this codexd serves its events a second time. */
export const OTHER_STREAM = "/v1/codexd/stream";

const lines = (text: string) => ({ is: { leak: leak(TOKEN) }, value: text });
/** Finished in Codex's history, and gone before it could say so. */
const dieAfterTheEnd: Step[] = [
  {
    recordTurn: {
      threadId: "{{params.threadId}}",
      turn: {
        id: "{{turnId}}",
        status: "completed",
        error: null,
        items: [{ type: "agentMessage", id: "{{itemId}}", text: `all of ${TOKEN}` }],
      },
    },
  },
  { signal: "SIGKILL" },
];
/** A child that tells the token in every turn with `leak`, and dies of those with `die`. */
export const play = codexPlay({
  before: [{ when: lines("{{params.input.0.text}}") }],
  middle: [{ when: { value: "{{params.input.0.text}}", is: { die: dieAfterTheEnd } } }],
});

/** A codexd with that token, told of secrets that are not its child's. The caller starts and disposes of it. */
export const makeGuardedSystem = () =>
  makeFakeSystem({
    plays: [play],
    trace: true,
    env: {
      ...NO_PROBES,
      BAA_CODEXD_EVENT_STREAM_PATH: OTHER_STREAM,
      BAA_SHARED_TOKEN: "x".repeat(40),
      OPERATOR_SECRET: "y",
    },
    prepare: (codexd) => writeToken(codexd, TOKEN),
  });

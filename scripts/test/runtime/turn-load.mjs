// Callers that never give up: each keeps a session busy with one turn after the other, through whatever restarts.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const PAUSE_MS = 50;

/** Starts them; `stop()` resolves with the ids of all turns that were acknowledged, once each caller has ended. */
export const startLoad = (ledger, callers) => {
  let isOn = true;
  const turns = [];

  /** Until it is acknowledged, always with the same key; undefined when stopped before. */
  const insist = async (place, body) => {
    const headers = { "idempotency-key": randomUUID() };
    while (isOn) {
      const reply = await ledger.post(place, body, headers).catch(() => undefined); // nobody there, or cut off
      if (reply?.status < 300) return reply.json;
      if (reply !== undefined && ![409, 429, 502, 503].includes(reply.status))
        throw new Error(`${place}: ${reply.status} ${reply.text}`);
      await sleep(PAUSE_MS);
    }
    return undefined;
  };

  const call = async (name) => {
    const created = await insist("/v1/codex/sessions", { title: name });
    for (let number = 0; isOn && created !== undefined; number++) {
      const prompt = `[[deltas=20 interval=10]] ${name} ${number}`;
      const accepted = await insist(`/v1/codex/sessions/${created.session.id}/turns`, { input: prompt });
      if (accepted === undefined) return;
      turns.push(accepted.turn.id);
      await ledger.waitForEnd(accepted.turn.id, 60_000);
    }
  };

  const all = Promise.all(Array.from({ length: callers }, (_each, at) => call(`caller ${at}`)));
  all.catch(() => undefined); // `stop` tells of it
  return {
    count: () => turns.length,
    stop: async () => {
      isOn = false;
      await all;
      return turns;
    },
  };
};

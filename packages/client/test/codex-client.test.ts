import { CODEX_ROUTES } from "@baa/contracts";
import { expect, test } from "vitest";
import { codexOf, createConductorClient } from "../src/index.ts";

test("the codexd behind a conductor has codexd's own names, for every route that conductor mirrors", async () => {
  const conductor = createConductorClient({ baseUrl: "http://127.0.0.1:9" });
  const codex = codexOf(conductor);
  expect(codex.startTurn).toBe(conductor.codexStartTurn);
  expect(codex.status).toBe(conductor.codexStatus);
  expect(Object.keys(codex).toSorted()).toEqual(
    Object.keys(CODEX_ROUTES)
      .map((name) => name.charAt("codex".length).toLowerCase() + name.slice("codex".length + 1))
      .toSorted(),
  );
  expect(codex).not.toHaveProperty("createRun");
  await conductor.close();
});

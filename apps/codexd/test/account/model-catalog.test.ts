import { RpcError } from "@baa/codex-app-server";
import { expect, test } from "vitest";
import { ModelCatalog } from "../../src/account/model-catalog.ts";
import { FakeChild } from "../support/fake-child.ts";

const model = (id: string, more: object = {}) => ({
  id,
  model: id,
  displayName: id.toUpperCase(),
  description: "",
  isDefault: false,
  hidden: false,
  supportedReasoningEfforts: [
    { reasoningEffort: "low", description: "" },
    { reasoningEffort: "high", description: "" },
  ],
  defaultReasoningEffort: "low",
  inputModalities: ["text", "image"],
  upgrade: null,
  ...more,
});

const paged = (pages: readonly (readonly object[])[]) =>
  new FakeChild().answer("model/list", ({ cursor }) => {
    const page = Number(cursor ?? 0);
    return { data: pages[page], nextCursor: page + 1 < pages.length ? String(page + 1) : null };
  });

test("all pages are one list, hidden models too, in our words", async () => {
  const child = paged([[model("a", { isDefault: true })], [model("b", { hidden: true }), model("c")]]);
  const models = await new ModelCatalog(child.port).list();
  expect(models.map(({ id, hidden, isDefault }) => [id, hidden, isDefault])).toEqual([
    ["a", false, true],
    ["b", true, false],
    ["c", false, false],
  ]);
  expect(models[0]).toEqual({
    id: "a",
    model: "a",
    displayName: "A",
    description: "",
    isDefault: true,
    hidden: false,
    supportedReasoningEfforts: ["low", "high"],
    defaultReasoningEffort: "low",
    inputModalities: ["text", "image"],
  });
  expect(child.sent.map(({ params }) => params)).toEqual([
    { limit: 100, includeHidden: true, cursor: null },
    { limit: 100, includeHidden: true, cursor: "1" },
  ]);
});

test("it is asked once a child, also by callers that come together, and again of the next child or for another login", async () => {
  const child = paged([[model("a")]]);
  const catalog = new ModelCatalog(child.port);
  await Promise.all([catalog.list(), catalog.list()]);
  await catalog.list();
  expect(child.sent).toHaveLength(1);
  child.becomeReady(2);
  await catalog.list();
  expect(child.sent).toHaveLength(2);
  catalog.forget();
  await catalog.list();
  expect(child.sent).toHaveLength(3);
});

test("a failure is told and not kept", async () => {
  const child = paged([[model("a")]]);
  const catalog = new ModelCatalog(child.port);
  child.hold("model/list").reject(new RpcError({ code: -32603, message: "no catalogue" }));
  await expect(catalog.list()).rejects.toMatchObject({ code: "child_error", detail: "no catalogue" });
  child.answer("model/list", () => ({ data: [model("a")], nextCursor: null }));
  expect(await catalog.list()).toHaveLength(1);
});

test("a list that never ends, or that cannot be read, is a fault of the child", async () => {
  const endless = new FakeChild().answer("model/list", () => ({ data: [], nextCursor: "again" }));
  await expect(new ModelCatalog(endless.port).list()).rejects.toMatchObject({ code: "child_error" });
  expect(endless.sent).toHaveLength(100);
  const broken = new FakeChild().answer("model/list", () => ({ data: [{ id: 1 }], nextCursor: null }));
  await expect(new ModelCatalog(broken.port).list()).rejects.toMatchObject({ code: "child_error" });
});

import { ChildUnavailableError, RequestTimeoutError, RpcError, WindowFullError } from "@baa/codex-app-server";
import { ProblemError } from "@baa/http";
import { expect, test } from "vitest";
import { askChild } from "../../src/child/ask-child.ts";
import { FakeChild } from "../support/fake-child.ts";

test("the answer is the child's", async () => {
  const child = new FakeChild().answer("thread/list", () => ({ data: [1] }));
  expect(await askChild(child.port, "thread/list", {})).toEqual({ data: [1] });
});

test.each([
  [new RpcError({ code: -32600, message: "no" }), { code: "child_error", detail: "no", status: 502 }],
  [
    new RequestTimeoutError({ method: "thread/list", timeoutMs: 5, sent: true }),
    { code: "child_timeout", detail: "thread/list was not answered within 5 ms.", status: 504 },
  ],
  [
    new ChildUnavailableError("the app-server is backoff", { sent: false }),
    { code: "child_unavailable", detail: "the app-server is backoff.", status: 503, retryAfterS: 5 },
  ],
  [
    new WindowFullError({ method: "thread/list", reason: "1024 requests are waiting already" }),
    { code: "child_unavailable", status: 503, retryAfterS: 5 },
  ],
])("%s is told as a problem of the child", async (error, problem) => {
  const child = new FakeChild();
  child.hold("thread/list").reject(error);
  const asked = askChild(child.port, "thread/list", {});
  await expect(asked).rejects.toBeInstanceOf(ProblemError);
  await expect(asked).rejects.toMatchObject({ ...problem, cause: error });
});

test("a child that does not come is told before anything is asked", async () => {
  const child = new FakeChild();
  child.ensureReady = async () => {
    throw new ProblemError("child_unavailable", "The child is degraded.");
  };
  await expect(askChild(child.port, "thread/list", {})).rejects.toMatchObject({ code: "child_unavailable" });
  expect(child.sent).toEqual([]);
});

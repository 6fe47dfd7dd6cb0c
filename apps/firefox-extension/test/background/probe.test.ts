import { expect, test } from "vitest";
import { healthUrlOf, probe } from "../../src/background/link/probe.ts";

const world = (answer: () => Promise<Response>, mayReach = true) => {
  const asked: string[] = [];
  const options = {
    fetch: ((url: string) => {
      asked.push(url);
      return answer();
    }) as typeof fetch,
    mayReach: async () => Promise.resolve(mayReach),
    timeoutMs: 1_000,
  };
  return { asked, options };
};
const down = () => Promise.reject(new TypeError("NetworkError when attempting to fetch resource."));

test("what is asked is /healthz at the socket's own address", async () => {
  const { asked, options } = world(async () => new Response("ok"));
  expect(await probe("ws://127.0.0.1:4317/ws/firefox", options)).toBe("up");
  expect(asked).toEqual(["http://127.0.0.1:4317/healthz"]);
  expect(healthUrlOf("wss://conductor.example/ws/firefox?a=b")).toBe("https://conductor.example/healthz");
});

test("any answer counts, an error too", async () => {
  expect(await probe("ws://127.0.0.1:4317/", world(async () => new Response("no", { status: 503 })).options)).toBe(
    "up",
  );
});

test("no answer, or no permission to hear one", async () => {
  expect(await probe("ws://127.0.0.1:4317/", world(down).options)).toBe("noAnswer");
  expect(await probe("ws://127.0.0.1:4317/", world(down, false).options)).toBe("noPermission");
});

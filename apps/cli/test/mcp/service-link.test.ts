import { TransportError } from "@baa/client";
import { expect, test } from "vitest";
import { ServiceLink } from "../../src/mcp/service-link.ts";
import type { Service } from "../../src/service.ts";

const lost = (): TransportError =>
  new TransportError({ call: "GET http://127.0.0.1:1/x" }, "connection", new Error("reset"));

/** A link to services that are made one after the other; `closed` has the numbers of those that were closed. */
const makeLink = (kinds: readonly Service["kind"][]) => {
  const closed: number[] = [];
  let made = 0;
  let nowMs = 0;
  const connect = (): Promise<Service> => {
    const index = made++;
    const kind = kinds[index];
    if (kind === undefined) return Promise.reject(new Error("no service answers"));
    return Promise.resolve({
      kind,
      baseUrl: `${index}`,
      close: () => Promise.resolve(void closed.push(index)),
    } as unknown as Service);
  };
  const link = new ServiceLink({ connect, nowMs: () => nowMs });
  return {
    link,
    closed,
    pass: (ms: number) => (nowMs += ms),
    name: () => link.use(({ baseUrl }) => Promise.resolve(baseUrl)),
  };
};

test("it is looked for once, also by two calls at the same time", async () => {
  const { name } = makeLink(["conductor", "conductor"]);
  expect(await Promise.all([name(), name()])).toEqual(["0", "0"]);
  expect(await name()).toBe("0");
});

test("a service that was lost is looked for again, and closed when the last call on it is done", async () => {
  const { link, closed, name } = makeLink(["conductor", "conductor"]);
  let finish: () => void = () => undefined;
  const slow = link.use(() => new Promise<void>((resolve) => (finish = resolve)));
  await expect(link.use(() => Promise.reject(lost()))).rejects.toThrow(TransportError);
  expect(await name()).toBe("1");
  expect(closed).toEqual([]);
  finish();
  await slow;
  expect(closed).toEqual([0]);
});

test("any other failure keeps it", async () => {
  const { link, name } = makeLink(["conductor"]);
  await expect(link.use(() => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
  expect(await name()).toBe("0");
});

test("codexd is the second choice: conductor is looked for again after a minute", async () => {
  const { closed, pass, name } = makeLink(["codexd", "conductor"]);
  expect(await name()).toBe("0");
  pass(59_000);
  expect(await name()).toBe("0");
  pass(1_000);
  expect(await name()).toBe("1");
  expect(closed).toEqual([0]);
});

test("when none answers the next call looks again", async () => {
  const { link } = makeLink([]);
  await expect(link.use(() => Promise.resolve())).rejects.toThrow("no service answers");
  await expect(link.use(() => Promise.resolve())).rejects.toThrow("no service answers");
  await link.close();
});

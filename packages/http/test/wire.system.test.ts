import { exchange } from "@baa/test-kit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Servers, type Target } from "./servers.ts";
import { type Attack, malformed, smuggling, strangeUpgrades } from "./wire-attacks.ts";

const servers = new Servers();
beforeAll(() => servers.start());
afterAll(() => servers.dispose());

const find = (name: string): Target => servers.targets().find((target) => target.name === name) as Target;
const pathOf = (target: Target, kind: string): string => target.addresses.find(([one]) => one === kind)?.[1] ?? "/";

/** Every attack is refused with a status of its own list, over a socket of its own, and nothing has changed. */
async function expectRefused(target: Target, attacks: readonly Attack[]): Promise<void> {
  const before = await servers.fingerprint();
  const wrong: string[] = [];
  for (const { name, chunks, expect: expected, half } of attacks) {
    const reply = await exchange({ port: target.port, chunks, ...(half === true ? { half } : {}) });
    const isRefused = expected.includes(reply.status) && !/access-control/i.test(reply.head);
    if (!isRefused) wrong.push(`${name}: ${reply.status} ${reply.body.slice(0, 200)}`);
  }
  expect(wrong).toEqual([]);
  expect(await servers.fingerprint()).toEqual(before);
}

describe.each(["codexd", "conductor", "status-api"])("%s", (name) => {
  test.each(["write", "read"])("requests that are none, or two at once, at an address to %s", async (kind) => {
    const target = find(name);
    const method = kind === "write" ? "POST" : "GET";
    const wire = { port: target.port, token: target.token, method, path: pathOf(target, kind), body: servers.body };
    // A GET is answered at its head: what is wrong with a body of it only ends the connection.
    await expectRefused(target, [...(kind === "write" ? smuggling(wire) : []), ...malformed(wire)]);
  });

  test("upgrades where there is no stream", async () => {
    const target = find(name);
    const paths = [pathOf(target, "read"), pathOf(target, "write"), "/healthz", "/", "/ws/firefox", "/v1/nothing"];
    // conductor's door for extensions: no Origin, no answer but that.
    const statuses = name === "conductor" ? { "/ws/firefox": [403] } : {};
    await expectRefused(
      target,
      strangeUpgrades({ port: target.port, token: target.token, path: "/" }, paths, statuses),
    );
  });
});

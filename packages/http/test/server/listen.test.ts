import net from "node:net";
import { describe, expect, it } from "vitest";
import { findPortHolder, ListenAddressError, PortBusyError } from "../../src/index.ts";
import { LOOPBACK, testServer } from "../test-server.ts";

describe("listening", () => {
  it.each([
    "0.0.0.0",
    "::",
    "::0",
    "0:0:0:0:0:0:0:0",
    "::ffff:0.0.0.0",
    "::ffff:127.0.0.1",
    "localhost",
    "",
    "*",
    "127.1",
    "127.0.0.1:80",
  ])("%j is no address to listen on", async (host) => {
    const { server } = testServer();
    await expect(server.start({ host, port: 0 })).rejects.toThrow(ListenAddressError);
  });

  it("serves the address it was given, and says which", async () => {
    const { server } = testServer();
    await server.start(LOOPBACK);
    const { host, port, url } = server.address();
    expect([host, url]).toEqual(["127.0.0.1", `http://127.0.0.1:${port}`]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await server.stop();
  });

  it("two listeners are one handler: each answers to its own and the other's address, both stop", async () => {
    const { server } = testServer();
    await server.start([LOOPBACK, LOOPBACK]);
    const [a, b] = server.addresses();
    for (const at of [a, b]) expect((await fetch(`http://127.0.0.1:${at?.port}/healthz`)).status).toBe(200);
    expect(a?.port).not.toBe(b?.port);
    await server.stop();
    for (const at of [a, b])
      await expect(fetch(`http://127.0.0.1:${at?.port}/healthz`)).rejects.toThrow("fetch failed");
  });

  it("a busy port names its holder", async () => {
    const holder = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => holder.once("listening", resolve));
    const { port } = holder.address() as net.AddressInfo;
    const { server } = testServer();
    const error = await server.start({ host: "127.0.0.1", port }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(PortBusyError);
    expect((error as PortBusyError).holder?.pid).toBe(process.pid);
    expect((error as Error).message).toContain(`127.0.0.1:${port} is already in use by pid ${process.pid} (`);
    await new Promise((resolve) => holder.close(resolve));
    expect(await findPortHolder(port)).toBeUndefined();
  });

  it("a failed start leaves nothing listening", async () => {
    const holder = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => holder.once("listening", resolve));
    const { port } = holder.address() as net.AddressInfo;
    const { server } = testServer();
    await expect(server.start([LOOPBACK, { host: "127.0.0.1", port }])).rejects.toThrow(PortBusyError);
    await expect(fetch(`${server.address().url}/healthz`)).rejects.toThrow("fetch failed");
    await new Promise((resolve) => holder.close(resolve));
  });
});

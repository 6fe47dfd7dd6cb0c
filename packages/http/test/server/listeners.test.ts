import { expect, it, onTestFinished } from "vitest";
import { Listeners } from "../../src/index.ts";
import { testServer } from "../test-server.ts";

const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

it("shows what is served and what is waited for, at the port of the first", async () => {
  const { server } = testServer();
  onTestFinished(() => server.stop());
  const lines: object[] = [];
  const listeners = new Listeners({ name: "x", logger: { ...QUIET, info: (line) => void lines.push(line) } });
  expect(listeners.view()).toEqual([]);
  // An address of the documentation's range: no machine has it.
  await listeners.start(server, [
    { host: "127.0.0.1", port: 0 },
    { host: "192.0.2.7", port: 0 },
  ]);
  const { port } = server.address();
  expect(listeners.view()).toEqual([
    { address: `http://127.0.0.1:${port}`, state: "up" },
    { address: `http://192.0.2.7:${port}`, state: "waiting" },
  ]);
  expect(lines).toEqual([{ event: "listening", address: `http://127.0.0.1:${port}` }]);
});

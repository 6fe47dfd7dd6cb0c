import http from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { type LinkState, ServiceLink } from "../../src/index.ts";

interface Service {
  readonly url: string;
  status: number;
  close(): Promise<void>;
}

async function startService(): Promise<Service> {
  const server = http.createServer((_request, response) => {
    response.statusCode = service.status;
    response.end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const service: Service = { url, status: 200, close };
  onTestFinished(() => (server.listening ? close() : undefined));
  return service;
}

function linkTo(url: string) {
  const link = new ServiceLink({ baseUrl: url, now: () => "now" });
  const changes: string[] = [];
  link.onChange((state) => void changes.push(state.kind));
  onTestFinished(() => link.stop());
  return { link, changes };
}

const reasonOf = (state: LinkState): string | undefined => (state.kind === "down" ? state.reason : undefined);

it("knows nothing before it has asked", () => {
  expect(linkTo("http://127.0.0.1:1").link.state).toEqual({ kind: "unknown" });
});

it("sees a service come, fail and go, and tells each change once", async () => {
  const service = await startService();
  const { link, changes } = linkTo(service.url);
  await link.probe();
  await link.probe();
  expect([link.state.kind, changes]).toEqual(["up", ["up"]]);
  service.status = 500;
  await link.probe();
  expect(reasonOf(link.state)).toBe("/healthz answered 500");
  service.status = 200;
  await link.probe();
  await service.close();
  await link.probe();
  expect([link.state.kind, changes]).toEqual(["down", ["up", "down", "up", "down"]]);
});

it("finds it again by itself", async () => {
  const service = await startService();
  service.status = 503;
  const { link } = linkTo(service.url);
  const isUp = new Promise<void>((resolve) => link.onChange((state) => void (state.kind === "up" && resolve())));
  link.start();
  await link.probe();
  service.status = 200;
  await isUp;
  expect(link.state.kind).toBe("up");
});

import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import type { TappedRequest } from "@baa/test-kit";
import type { Target } from "../servers.ts";

/** A server that lets everybody in, as so many on loopback do: what the matrix must find. */
export async function startUnguarded(): Promise<{ target: Target; stop: () => void }> {
  const seen: TappedRequest[] = [];
  const server = http.createServer((request, response) => {
    response.setHeader("access-control-allow-origin", request.headers.origin ?? "*");
    response.setHeader("access-control-allow-headers", "*, authorization, content-type, x-requested-with");
    response.setHeader("access-control-allow-methods", "*, DELETE, PUT");
    response.setHeader("access-control-allow-credentials", "true");
    response.setHeader("content-type", "text/javascript");
    const { method = "", url = "" } = request;
    const answered = response.getHeaderNames();
    seen.push({ method, url, hasToken: false, isUpgrade: false, status: 200, answered });
    response.end("globalThis.stolen = 1;");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const addresses: Target["addresses"] = [
    ["read", "/secrets"],
    ["write", "/do"],
    ["remove", "/thing"],
  ];
  return {
    target: { name: "unguarded", port, token: "x".repeat(40), addresses, requests: () => seen },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

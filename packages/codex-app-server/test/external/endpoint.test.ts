import { expect, test } from "vitest";
import { describeEndpoint, parseEndpoint } from "../../src/external/endpoint.ts";

test.each([
  ["ws://127.0.0.1:4500", { kind: "tcp", host: "127.0.0.1", port: 4500 }],
  ["ws://127.0.0.1:4500/", { kind: "tcp", host: "127.0.0.1", port: 4500 }],
  ["ws://localhost:4500", { kind: "tcp", host: "127.0.0.1", port: 4500 }],
  ["ws://[::1]:4500", { kind: "tcp", host: "::1", port: 4500 }],
  ["unix:///run/codex.sock", { kind: "unix", path: "/run/codex.sock" }],
  ["unix:///a b/it's:me.sock", { kind: "unix", path: "/a b/it's:me.sock" }],
])("%s is an app-server to connect to", (text, endpoint) => {
  expect(parseEndpoint(text)).toEqual(endpoint);
});

test.each([
  "",
  "stdio://codex-app-server",
  "127.0.0.1:4500",
  "wss://127.0.0.1:4500",
  "http://127.0.0.1:4500",
  "ws://10.0.0.7:4500",
  "ws://example.com:4500",
  "ws://127.0.0.1",
  "ws://127.0.0.1:0",
  "ws://127.0.0.1:4500/socket",
  "ws://127.0.0.1:4500/?token=x",
  "ws://user@127.0.0.1:4500",
  "ws://127.0.0.1.example.com:4500",
  "unix://",
  "unix://relative.sock",
  "unix:///a\0b",
])("%j is refused: not on this machine, or not an address of an app-server", (text) => {
  expect(parseEndpoint(text)).toBeUndefined();
});

test.each(["ws://127.0.0.1:4500", "ws://[::1]:4500", "unix:///run/codex.sock"])(
  "%s is shown as it was written",
  (text) => {
    const endpoint = parseEndpoint(text);
    expect(endpoint && describeEndpoint(endpoint)).toBe(text);
  },
);

import { expect, test } from "vitest";
import { unservedRows } from "../dev/routes/hits.ts";

const TABLE = {
  list: { method: "GET", path: "/v1/things", reply: { status: 200 } },
  create: { method: "POST", path: "/v1/things", reply: { status: 201 } },
  read: { method: "GET", path: "/v1/things/{thingId}", reply: { status: 200 } },
  newest: { method: "GET", path: "/v1/things/newest", reply: { status: 200 } },
  stop: { method: "POST", path: "/v1/things/{thingId}/stop", reply: { status: 202 } },
  events: { method: "GET", path: "/v1/events", reply: { kind: "stream" } },
};
const hit = (method, path, status) => ({ method, path, status });

test("a row is served when it gave its own status to a request of its own", () => {
  const all = [
    hit("GET", "/v1/things?limit=2", 200),
    hit("POST", "/v1/things", 201),
    hit("GET", "/v1/things/thing_1", 200),
    hit("GET", "/v1/things/newest", 200),
    hit("POST", "/v1/things/thing_1/stop", 202),
    hit("GET", "/v1/events?after=0", 200),
  ];
  expect(unservedRows(TABLE, all)).toEqual([]);
  for (const [index, name] of Object.keys(TABLE).entries()) {
    expect(unservedRows(TABLE, all.toSpliced(index, 1))).toEqual([name]);
  }
});

test("a refusal, another method, a longer path and a literal that looks like a parameter show nothing", () => {
  const none = [
    hit("GET", "/v1/things", 401),
    hit("DELETE", "/v1/things", 200),
    hit("POST", "/v1/things", 200),
    hit("GET", "/v1/things/newest", 200),
    hit("POST", "/v1/things/thing_1/stop/now", 202),
    hit("GET", "/v1/eventsx", 200),
  ];
  expect(unservedRows(TABLE, none)).toEqual(["list", "create", "read", "stop", "events"]);
});

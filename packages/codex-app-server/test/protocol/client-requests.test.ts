import { expect, expectTypeOf, test } from "vitest";
import type { ClientRequest } from "../../src/generated/ClientRequest.ts";
import {
  CLIENT_METHODS,
  type ClientMethod,
  type ClientRequests,
  READ_METHODS,
} from "../../src/protocol/client-requests.ts";

test("every method of the map is one that Codex declares, with its params", () => {
  expectTypeOf<ClientMethod>().toExtend<ClientRequest["method"]>();
  expectTypeOf<ClientRequests["turn/start"]["params"]["threadId"]>().toEqualTypeOf<string>();
  expectTypeOf<ClientRequests["turn/start"]["result"]["turn"]["id"]>().toEqualTypeOf<string>();
  expectTypeOf<ClientRequests["account/logout"]["params"]>().toEqualTypeOf<undefined>();
  expectTypeOf<ClientRequests["account/rateLimits/read"]["params"]>().not.toBeNever();
});

test("every method of the map is in the list that a version of Codex is measured by", () => {
  expectTypeOf<(typeof CLIENT_METHODS)[number]>().toEqualTypeOf<ClientMethod>();
  expect(CLIENT_METHODS).toEqual(expect.arrayContaining(["initialize", "turn/start", "server/diagnostics"]));
  expect(CLIENT_METHODS).toEqual([...new Set(CLIENT_METHODS)].sort());
});

test("only reads may be sent twice", () => {
  expect([...READ_METHODS].sort()).toEqual([
    "account/rateLimits/read",
    "account/read",
    "account/usage/read",
    "config/read",
    "model/list",
    "thread/backgroundTerminals/list",
    "thread/items/list",
    "thread/list",
    "thread/loaded/list",
    "thread/read",
    "thread/turns/list",
  ]);
});

import { expect, expectTypeOf, test } from "vitest";
import type { ClientRequest } from "../../src/generated/ClientRequest.ts";
import { type ClientMethod, type ClientRequests, READ_METHODS } from "../../src/protocol/client-requests.ts";

test("every method of the map is one that Codex declares, with its params", () => {
  expectTypeOf<ClientMethod>().toExtend<ClientRequest["method"]>();
  expectTypeOf<ClientRequests["turn/start"]["params"]["threadId"]>().toEqualTypeOf<string>();
  expectTypeOf<ClientRequests["turn/start"]["result"]["turn"]["id"]>().toEqualTypeOf<string>();
  expectTypeOf<ClientRequests["account/logout"]["params"]>().toEqualTypeOf<undefined>();
  expectTypeOf<ClientRequests["account/rateLimits/read"]["params"]>().not.toBeNever();
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

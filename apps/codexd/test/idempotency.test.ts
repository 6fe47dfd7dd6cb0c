import { type KeyedRequest, ProblemError } from "@baa/http";
import { describe, expect, test } from "vitest";
import { type Claim, Idempotency } from "../src/idempotency.ts";
import { SessionRegistry } from "../src/registry/session-registry.ts";
import { AT } from "./support/journal.ts";

const REQUEST: KeyedRequest = {
  key: "k1",
  credentialId: "codexd",
  method: "POST",
  canonicalPath: "/v1/codexd/sessions",
  body: { title: "t", metadata: { a: "1", b: "2" } },
};
const setUp = () => {
  const sessions = new SessionRegistry();
  const idempotency = new Idempotency(sessions);
  let seq = 0;
  const fresh = (claim: Claim) => {
    if (claim.kind !== "fresh") throw new Error(`the claim is a ${claim.kind}`);
    return claim;
  };
  /** What a command does: its event carries the reply. */
  const store = (claim: Claim, body: unknown = { session: 1 }, at = AT): void => {
    const data = { idempotency: { ...fresh(claim).mark, status: 201, body } };
    sessions.apply({ type: "session.created", seq: (seq += 1), at, data });
    fresh(claim).release();
  };
  const codeOf = (request: Partial<KeyedRequest>): string => {
    try {
      return idempotency.claim({ ...REQUEST, ...request }).kind;
    } catch (error) {
      return (error as ProblemError).code;
    }
  };
  return { idempotency, fresh, store, codeOf };
};

describe("a keyed request", () => {
  test("is fresh at first, and the stored reply after that", () => {
    const { idempotency, store } = setUp();
    store(idempotency.claim(REQUEST), { session: { id: "ses_1" } });
    expect(idempotency.claim(REQUEST)).toEqual({
      kind: "replay",
      reply: { status: 201, body: { session: { id: "ses_1" } } },
    });
    expect(idempotency.claim(REQUEST).kind).toBe("replay");
  });

  test("while one is in progress: 409 with a time to come back", () => {
    const { idempotency, fresh, codeOf } = setUp();
    const claim = fresh(idempotency.claim(REQUEST));
    expect(codeOf({})).toBe("idempotency_in_progress");
    expect(codeOf({ body: { other: 1 } })).toBe("idempotency_in_progress");
    try {
      idempotency.claim(REQUEST);
    } catch (error) {
      expect(error).toMatchObject({ status: 409, retryAfterS: 1 });
    }
    claim.release();
    expect(codeOf({})).toBe("fresh");
  });

  test("that failed and stored nothing may be tried again with the same key", () => {
    const { idempotency, fresh, codeOf } = setUp();
    fresh(idempotency.claim(REQUEST)).release();
    expect(codeOf({})).toBe("fresh");
  });

  test("with another body: 422", () => {
    const { idempotency, store, codeOf } = setUp();
    store(idempotency.claim(REQUEST));
    expect(codeOf({ body: { title: "u" } })).toBe("idempotency_key_reused");
    expect(codeOf({ body: undefined })).toBe("idempotency_key_reused");
    expect(codeOf({ body: [] })).toBe("idempotency_key_reused");
  });

  test("the order of keys and members that are undefined make no other body; the order of a list does", () => {
    const { idempotency, store, codeOf } = setUp();
    store(idempotency.claim({ ...REQUEST, body: { list: [1, 2], map: { a: 1, b: { d: 1, c: 2 } } } }));
    expect(codeOf({ body: { map: { b: { c: 2, d: 1 }, a: 1 }, list: [1, 2], gone: undefined } })).toBe("replay");
    expect(codeOf({ body: { map: { a: 1, b: { d: 1, c: 2 } }, list: [2, 1] } })).toBe("idempotency_key_reused");
  });

  test("no body and null are the same body", () => {
    const { idempotency, store, codeOf } = setUp();
    store(idempotency.claim({ ...REQUEST, body: undefined }));
    expect(codeOf({ body: null })).toBe("replay");
  });

  test("another credential, method, path or key is another request", () => {
    const { idempotency, store, codeOf } = setUp();
    store(idempotency.claim(REQUEST));
    expect(codeOf({ credentialId: "shared" })).toBe("fresh");
    expect(codeOf({ method: "DELETE" })).toBe("fresh");
    expect(codeOf({ canonicalPath: "/v1/codexd/sessions/ses_1/turns" })).toBe("fresh");
    expect(codeOf({ key: "k2" })).toBe("fresh");
  });

  test("parts of the scope cannot be shifted into each other", () => {
    const { idempotency, store, codeOf } = setUp();
    store(idempotency.claim({ ...REQUEST, credentialId: "a", method: "b" }));
    expect(codeOf({ credentialId: "ab", method: "" })).toBe("fresh");
    expect(codeOf({ credentialId: 'a","b', method: "b" })).toBe("fresh");
  });

  test("neither key nor body stands in what is stored", () => {
    const { idempotency, fresh } = setUp();
    const { mark } = fresh(idempotency.claim({ ...REQUEST, key: "my-key", body: { text: "my-body" } }));
    expect(JSON.stringify(mark)).not.toMatch(/my-key|my-body/);
    expect(mark.id).toHaveLength(32);
    expect(mark.digest).toHaveLength(32);
  });
});

import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { logTails } from "../../src/diagnostics/log-tails.ts";
import { Redactor } from "../../src/diagnostics/redactor.ts";

const makeDir = (): string => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "baa-redactor-"));
  onTestFinished(() => fs.rmSync(dir, { recursive: true, force: true }));
  return dir;
};

const makeRedactor = () => {
  const dir = makeDir();
  const file = (name: string, text: string): string => {
    fs.writeFileSync(path.join(dir, name), text, { mode: 0o600 });
    return path.join(dir, name);
  };
  const listed = "li5ted-t0ken-of-which-we-know-the-digest-0n1y";
  const digest = crypto.createHash("sha256").update(listed).digest("hex");
  const redactor = new Redactor({
    secretFiles: [file("shared-token.txt", "the-shared-token-value-0123456789abcdef\n"), path.join(dir, "missing")],
    secretJsonFiles: [
      file("auth.json", '{"mode":"chatgpt","tokens":{"refresh":"refresh_value_0123456789"}}'),
      file("bad.json", "{"),
    ],
    values: ["value-of-the-environment", undefined],
    tokensFile: file(
      "tokens.json",
      JSON.stringify({ format: 1, minReader: 1, tokens: [{ id: "a", digest, scopes: ["read"] }] }),
    ),
  });
  return { redactor, listed };
};

test("every secret that this machine knows goes, wherever it stands", () => {
  const { redactor, listed } = makeRedactor();
  for (const secret of [
    "the-shared-token-value-0123456789abcdef",
    "refresh_value_0123456789",
    "value-of-the-environment",
    listed,
  ]) {
    expect(redactor.text(`before ${secret}, after`)).toBe("before [redacted], after");
    expect(JSON.stringify(redactor.value({ a: [{ [`key ${secret}`]: `x "${secret}"\n` }] }))).not.toContain(secret);
  }
});

test("what looks like a secret goes, too, and what only sounds like one stays", () => {
  const { redactor } = makeRedactor();
  expect(redactor.text("sk-proj-abcdefgh1234 whsec_MfKQ9r8GKYqrTwjUPD8 eyJhbGciOiJI.eyJzdWIiOiIx.sig")).toBe(
    "[redacted] [redacted] [redacted]",
  );
  expect(redactor.text("Authorization: Bearer abcdef123456")).toBe("Authorization: Bearer [redacted]");
  const id = "ses_0193a1b2c3d4e5f60718293a4b5c6d7e";
  expect(redactor.text(`mode chatgpt, session ${id}, tokens.json`)).toBe(`mode chatgpt, session ${id}, tokens.json`);
});

test("fields whose name says that they hold one are emptied; numbers and places stay", () => {
  const { redactor } = makeRedactor();
  expect(
    redactor.value({ password: "pw", apiKey: "k", inputTokens: 7, sharedTokenFile: "/x/y", nested: { token: 't"q' } }),
  ).toEqual({
    password: "[redacted]",
    apiKey: "[redacted]",
    inputTokens: 7,
    sharedTokenFile: "/x/y",
    nested: { token: "[redacted]" },
  });
});

test("of long logs only whole lines of the end are taken: a secret without its beginning is not known for one", () => {
  const logs = makeDir();
  fs.mkdirSync(path.join(logs, "launchd"));
  const line = `${"x".repeat(999)}\n`;
  fs.writeFileSync(path.join(logs, "launchd", "a.err.log"), line.repeat(100));
  fs.writeFileSync(path.join(logs, "launchd", "b.txt"), "not a log");
  const [tail, ...others] = logTails(logs);
  expect(others).toEqual([]);
  expect([tail?.bytes, tail?.lines.length, new Set(tail?.lines)]).toEqual([100_000, 65, new Set(["x".repeat(999)])]);
});

import fc from "fast-check";
import { expect, test } from "vitest";

import { redactLine } from "../src/index.ts";

test.each([
  ['{"token":"abc"}', '{"token":"[redacted]"}'],
  ['{"a":{"b":{"c":{"apiToken":"x\\"y\\\\"}}},"d":1}', '{"a":{"b":{"c":{"apiToken":"[redacted]"}}},"d":1}'],
  ['{"headers":{"Authorization":"Bearer abc.def"}}', '{"headers":{"Authorization":"[redacted]"}}'],
  [
    '{"set-cookie":"a=b","password":"p","client_secret":"s"}',
    '{"set-cookie":"[redacted]","password":"[redacted]","client_secret":"[redacted]"}',
  ],
  ['{"OPENAI_API_KEY":"sk-1","api-key":"k"}', '{"OPENAI_API_KEY":"[redacted]","api-key":"[redacted]"}'],
  ['{"rawHeaders":["authorization","Bearer abcdef123"]}', '{"rawHeaders":["authorization","Bearer [redacted]"]}'],
  ['{"msg":"got {\\"token\\":\\"abc\\",\\"x\\":1}"}', '{"msg":"got {\\"token\\":\\"[redacted]\\",\\"x\\":1}"}'],
])("secrets under telling keys go: %s", (line, expected) => {
  expect(redactLine(line, [])).toBe(expected);
});

test("the secret of a webhook goes wherever it stands", () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  expect(redactLine(`{"msg":"signed with ${secret} by me","env":"WHSEC=${secret}"}`, [])).toBe(
    '{"msg":"signed with [redacted] by me","env":"WHSEC=[redacted]"}',
  );
});

test.each(['{"inputTokens":12,"tokenFile":"/a/token"}', '{"msg":"the token was refused"}', '{"keys":["token"]}'])(
  "what is no secret stays: %s",
  (line) => {
    expect(redactLine(line, [])).toBe(line);
  },
);

test("literal values go wherever they stand, also as JSON writes them", () => {
  expect(redactLine('{"msg":"GET /?x=s3cr3tvalue failed","p":"quo\\"ted1"}', ["s3cr3tvalue", 'quo"ted1'])).toBe(
    '{"msg":"GET /?x=[redacted] failed","p":"[redacted]"}',
  );
});

test("an empty or very short literal is not looked for", () => {
  expect(redactLine('{"msg":"abc"}', ["", "abc"])).toBe('{"msg":"abc"}');
});

test("any value under a secret key goes and the line stays JSON", () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1, unit: "grapheme" }), (secret, other) => {
      const line = redactLine(JSON.stringify({ before: 1, token: secret, after: { x: other.length } }), []);
      expect(JSON.parse(line)).toEqual({ before: 1, token: "[redacted]", after: { x: other.length } });
    }),
  );
});

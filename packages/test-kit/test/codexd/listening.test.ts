import { expect, test } from "vitest";
import { listeningPort } from "../../src/codexd/listening.ts";

test.each([
  ['{"event":"listening","address":"http://127.0.0.1:4319"}', 4319],
  ['{"level":30,"event":"listening","address":"127.0.0.1:5","msg":"x"}', 5],
  ['{"event":"listening","address":{"host":"127.0.0.1","port":77}}', 77],
  ['{"event":"listening","address":[{"host":"::1","port":78}]}', 78],
  ['{"event":"stopped","address":"http://127.0.0.1:4319"}', undefined],
  ['{"event":"other","note":"listening"}', undefined],
  ["listening on 127.0.0.1:4319", undefined],
  ['{"event":"listening"', undefined],
])("%s", (line, port) => {
  expect(listeningPort(line)).toBe(port);
});

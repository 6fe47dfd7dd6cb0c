import { expect, test } from "vitest";
import { codexConfigArgs, codexConfigFor } from "../src/index.ts";

test("config.toml names the provider and nothing secret", () => {
  expect(codexConfigFor("http://127.0.0.1:4555/v1")).toBe(`model = "loopback-model"
model_provider = "loopback"

[model_providers.loopback]
name = "loopback"
base_url = "http://127.0.0.1:4555/v1"
wire_api = "responses"
`);
});

test("arguments say the same, with retries and model when given", () => {
  const o = { model: "gpt-5.5", requestMaxRetries: 0, streamMaxRetries: 1, streamIdleTimeoutMs: 2000 };
  expect(codexConfigArgs("http://127.0.0.1:1/v1", o)).toEqual([
    "-c",
    'model="gpt-5.5"',
    "-c",
    'model_provider="loopback"',
    "-c",
    'model_providers.loopback={name="loopback",base_url="http://127.0.0.1:1/v1",wire_api="responses",request_max_retries=0,stream_max_retries=1,stream_idle_timeout_ms=2000}',
  ]);
});

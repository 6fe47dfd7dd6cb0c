import { expect, test } from "vitest";
import { codexdVersion, readSettings, unknownSettings } from "../../src/config.ts";

const setting = (env: Record<string, string>, name: string) => readSettings(env).find((each) => each.name === name);

test("a setting says its value, where it comes from, and its default", () => {
  expect(setting({ BAA_CODEXD_TURNS_MAX: "3" }, "BAA_CODEXD_TURNS_MAX")).toMatchObject({
    value: "3",
    source: "environment",
    default: "16",
  });
  expect(setting({}, "BAA_CODEXD_TURNS_MAX")).toMatchObject({ value: "16", source: "default", default: "16" });
});

test("an empty variable counts as not set", () => {
  expect(setting({ BAA_CODEXD_TURNS_MAX: "" }, "BAA_CODEXD_TURNS_MAX")).toMatchObject({
    value: "16",
    source: "default",
  });
});

test("a wrong value is shown as it is", () => {
  expect(setting({ BAA_CODEXD_TURNS_MAX: "many" }, "BAA_CODEXD_TURNS_MAX")).toMatchObject({ value: "many" });
});

test("secrets in the arguments of Codex are hidden, the rest is shown", () => {
  const args = 'app-server -c api_key="sk-0123456789" -c model=gpt -c x.http_headers={Authorization="Bearer abcdefgh"}';
  const shown = setting({ BAA_CODEXD_SERVER_ARGS: args }, "BAA_CODEXD_SERVER_ARGS")?.value ?? "";
  expect(shown).toContain("model=gpt");
  expect(shown).toContain("api_key=(hidden)");
  expect(shown).not.toMatch(/0123456789|abcdefgh/);
});

test("the place of a token file is no secret", () => {
  const name = "BAA_CODEXD_SERVER_ENDPOINT_TOKEN_FILE";
  expect(setting({ [name]: "/run/codex.token" }, name)).toMatchObject({ value: "/run/codex.token" });
});

test("names that look like settings and are none are found", () => {
  const env = { BAA_CODEXD_TURN_MAX: "3", BAA_CODEXD_TURNS_MAX: "3", BAA_OTHER: "x", PATH: "/bin" };
  expect(unknownSettings(env)).toEqual(["BAA_CODEXD_TURN_MAX"]);
});

test("the version can be told whatever else is wrong", () => {
  expect(codexdVersion({ BAA_CODEXD_TURNS_MAX: "many" })).toBe("0.1.0");
  expect(codexdVersion({ BAA_CODEXD_VERSION: "9.9.9" })).toBe("9.9.9");
});

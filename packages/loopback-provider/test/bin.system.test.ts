import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ask, body, deltas } from "./ask.ts";

const entry = fileURLToPath(new URL("../src/bin.ts", import.meta.url));

function start(args: string[]): ReturnType<typeof spawn> {
  return spawn(process.execPath, ["--import", "tsx", entry, ...args], { stdio: ["ignore", "pipe", "pipe"] });
}

async function run(args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = start(args);
  const texts = ["", ""];
  child.stdout?.on("data", (chunk) => (texts[0] += String(chunk)));
  child.stderr?.on("data", (chunk) => (texts[1] += String(chunk)));
  const [code] = (await once(child, "close")) as [number];
  return { code, out: texts[0] ?? "", err: texts[1] ?? "" };
}

test("it prints its address as one JSON line, answers, and stops on SIGTERM with code 0", async () => {
  const child = start(["--port", "0"]);
  const [line] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
  const { url, port } = JSON.parse(line) as { url: string; port: number };
  expect(url).toBe(`http://127.0.0.1:${port}/v1`);
  expect(deltas(await ask(url, body("[[say: from the bin]]"))).join("")).toBe("from the bin");
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("help, wrong usage and a taken port have their own exit codes", async () => {
  const help = await run(["--help"]);
  expect([help.code, help.out.startsWith("Usage:")]).toEqual([0, true]);
  expect((await run(["--port", "http"])).code).toBe(64);
  expect((await run(["--what"])).code).toBe(64);
  const holder = net.createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const busy = await run(["--port", String((holder.address() as AddressInfo).port)]);
  expect([busy.code, busy.err.includes("EADDRINUSE")]).toEqual([75, true]);
  holder.close();
});

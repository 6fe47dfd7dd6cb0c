// The built codexd itself under launchd, from the installed plist.
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { findNativeCodex } from "../../../packages/test-kit/src/index.ts";
import { freePort, ROOT, startMac } from "./support.mjs";

const LABEL = "so.makefile.baa-codexd";

test("codexd: installed, loaded, healthy, killed and back, booted out within its exit timeout", async () => {
  const mac = await startMac({ launchd: { secondMs: 300 } });
  const dist = path.join(ROOT, "apps/codexd/dist/index.js");
  expect(fs.existsSync(dist), `not built: ${dist}`).toBe(true);
  fs.rmSync(path.join(mac.repo, "apps/codexd"), { recursive: true });
  fs.symlinkSync(path.join(ROOT, "apps/codexd"), path.join(mac.repo, "apps/codexd"));
  fs.mkdirSync(path.join(mac.home, ".codex"), { mode: 0o700 });
  await mac.run("bootstrap", []);
  const base = `http://127.0.0.1:${await freePort()}`;
  const settings = ["--service", "codexd", "--codexd-api-base", base, "--codexd-server-command", findNativeCodex()];
  expect(await mac.run("install-launchd", settings)).toMatchObject({ code: 0, err: "" });
  await mac.double.launchctl("bootstrap", "gui/501", mac.plist("codexd"));

  const status = async () => {
    const args = ["--service", "codexd", "--codexd-api-base", base, "--json"];
    return JSON.parse((await mac.run("status-launchd", args, { repoDir: null })).out).services[0];
  };
  await expect
    .poll(status, { timeout: 60_000 })
    .toMatchObject({ plistLint: "ok", loaded: true, healthy: true, runs: 1 });
  expect(await mac.run("check-launchd", [...settings, "--check-loaded"])).toMatchObject({ code: 0 });

  const { pid } = await status();
  process.kill(pid, "SIGKILL");
  await expect.poll(status, { timeout: 60_000 }).toMatchObject({ healthy: true, runs: 2 });
  expect((await status()).pid).not.toBe(pid);

  await mac.double.launchctl("bootout", `gui/501/${LABEL}`);
  const isLoaded = async () => (await mac.double.launchctl("print", `gui/501/${LABEL}`)).code === 0;
  await expect.poll(isLoaded, { timeout: 60_000 }).toBe(false);
  const log = fs.readFileSync(mac.root.join("launchd-double/launchd.log"), "utf8");
  expect(log).toContain("scheduling cleanup in 30 sec");
  expect(log).not.toContain("Sending SIGKILL");
  const logDir = path.join(mac.repo, "logs/launchd");
  expect(fs.readdirSync(logDir).toSorted()).toEqual([`${LABEL}.err.log`, `${LABEL}.out.log`]);
});

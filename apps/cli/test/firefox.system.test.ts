import fs from "node:fs";
import { FakeRefusal } from "@baa/test-kit";
import { expect, test, vi } from "vitest";
import { pairBrowser, refuseUnlessAllowed, useBrowserStack } from "./support/browser-stack.ts";

const stack = useBrowserStack();
const eventually = (holds: () => void): Promise<void> => vi.waitFor(holds, { timeout: 20_000 });

test("nothing is paired: that is said, with the verb that pairs", async () => {
  expect(await stack().run(["firefox", "tabs"])).toEqual({
    code: 1,
    stdout: "",
    stderr: "baa firefox tabs: no browser is paired. Pair one: baa firefox pair\n",
  });
});

test("a pairing is opened, shows its code, and says which browser came", async () => {
  const pairing = stack().start(["firefox", "pair", "--name", "desk"]);
  await eventually(() => expect(pairing.stdout()).toMatch(/^\d{8}\n/));
  await stack().firefox.pair(pairing.stdout().trim());
  expect(await pairing.code).toBe(0);
  expect(pairing.stdout()).toMatch(/^\d{8}\npaired: desk \(ffx_[0-9a-f]{32}\)\n$/);
  expect(pairing.stderr()).toContain("It holds 2 min, for one browser and 5 tries.");
  const { stdout } = await stack().run(["firefox", "clients"]);
  expect(stdout).toMatch(/NAME .*\n\S+ +desk +connected .*Firefox 140\.0 on linux, extension 0\.1\.0\n$/);
});

test("a pairing that is closed is waited for no longer; Ctrl-C closes one", async () => {
  const closed = stack().start(["firefox", "pair", "--json"]);
  await eventually(() => expect(closed.stdout()).toContain('"code"'));
  const { pairing: open } = JSON.parse(closed.stdout()) as { pairing: { id: string } };
  await stack().conductor.request("DELETE", `/v1/firefox/pairings/${open.id}`);
  expect(await closed.code).toBe(75);
  expect(JSON.parse(closed.stderr())).toMatchObject({ error: { code: "pairing_closed" } });

  const pairing = stack().start(["firefox", "pair"]);
  await eventually(() => expect(pairing.stdout()).toMatch(/^\d{8}\n/));
  pairing.ctrlC();
  expect(await pairing.code).toBe(130);
  const { json } = await stack().conductor.request("GET", "/v1/firefox/pairings");
  expect(json).toEqual({ pairings: [], nextCursor: null });
});

test("tabs, and a page that is read once its site is allowed", async () => {
  const { firefox, run } = stack();
  const tab = { id: 7, windowId: 1, site: "shop.test", isAllowed: false, isActive: true, isLoading: false };
  firefox.scripts["tabs.list"] = () => ({ tabs: [tab] });
  firefox.scripts["page.text"] = ({ params }) => {
    refuseUnlessAllowed(firefox, "shop.test");
    return { url: "https://shop.test/", title: "Shop", text: `mode ${String(params["mode"])}\u001b[2J` };
  };
  const tabs = await run(["firefox", "tabs", "--client", "des"]);
  expect(tabs.stdout).toBe("TAB          SITE       TITLE        URL\n7    active  shop.test  not allowed\n");
  const refused = await run(["firefox", "read", "--tab", "7"]);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(/Allow it: baa firefox sites allow shop\.test --client desk\n$/);

  expect((await run(["firefox", "sites"])).stdout).toMatch(/\nshop\.test +asked +desk /);
  expect((await run(["firefox", "sites", "allow", "https://shop.test/x"])).stdout).toBe(
    "shop.test is allowed from now on in desk\n",
  );
  expect(await run(["firefox", "read", "--tab", "7"])).toMatchObject({ code: 0, stdout: "mode readable\u001b[2J\n" });
  expect((await run(["firefox", "read", "--all"], { columns: 80 })).stdout).toBe("mode all\\x1b[2J\n");
  const { result, command } = JSON.parse((await run(["firefox", "read", "--json"])).stdout) as Record<string, unknown>;
  expect([result, command]).toMatchObject([{ title: "Shop" }, { method: "page.text", state: "completed" }]);
});

test("a picture becomes a file, or bytes for a pipe; a large one comes whole", async () => {
  const { firefox, conductor, start, run } = stack();
  const picture = Buffer.alloc(1_200_000, "ff");
  const facts = { mediaType: "image/png", width: 4, height: 3 };
  firefox.scripts["page.screenshot"] = () => ({ ...facts, data: picture.toString("base64") });
  const piped = start(["firefox", "shot"]);
  expect(await piped.code).toBe(0);
  expect(piped.bytes().equals(picture)).toBe(true);
  const file = `${conductor.home}/shot.png`;
  const told = await run(["firefox", "shot", "--full", "-o", "shot.png", "--json"], { cwd: conductor.home });
  expect(JSON.parse(told.stdout)).toEqual({ file, ...facts, bytes: 1_200_000 });
  expect([fs.statSync(file).size, fs.statSync(file).mode & 0o777]).toEqual([1_200_000, 0o600]);
});

test("a request with the page's session: body on stdout, a bad status on stderr", async () => {
  const { firefox, run } = stack();
  firefox.scripts["page.fetch"] = ({ params }) => {
    refuseUnlessAllowed(firefox, "shop.test");
    const headers = { "content-type": "application/json" };
    return { status: 404, url: params["url"], headers, body: JSON.stringify(params), encoding: "text" };
  };
  const words = ["fetch", "shop.test/api", "--header", "X-A: 1", "--header", "x-b: 2", "--data", "-"];
  const { code, stdout, stderr } = await run(["firefox", ...words], { stdin: "hello" });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "warning: http_status: https://shop.test/api answered 404\n" });
  expect(JSON.parse(stdout)).toEqual({
    url: "https://shop.test/api",
    method: "POST",
    headers: { "X-A": "1", "x-b": "2" },
    body: "hello",
    via: "page",
  });
  const elsewhere = await run(["firefox", "fetch", "https://other.test/"]);
  expect(elsewhere).toMatchObject({ code: 1, stderr: expect.stringContaining("sites allow other.test") as string });
});

test("an answer streams on a terminal, rewritten in place, and comes whole and once for a program", async () => {
  const { firefox, start, run } = stack();
  let goOn: () => void = () => undefined;
  const waits = new Promise<void>((resolve) => (goOn = resolve));
  firefox.scripts["chat.send"] = async ({ params }, at) => {
    at.chunk(0, "It is *bo");
    await waits;
    at.chunk(6, "bold.\nDone.");
    return {
      adapter: "generic",
      url: "https://ai.test/",
      text: `It is bold.\nDone. ${String(params["text"])}`,
      wasStopped: false,
    };
  };
  const asking = start(["firefox", "ask", "for", "me"], { columns: 80 });
  await eventually(() => expect(asking.stdout()).toBe("It is *bo"));
  goOn();
  expect(await asking.code).toBe(0);
  expect(asking.stdout()).toBe("It is *bo\r\u001b[KIt is bold.\nDone. for me\n");
  expect((await run(["firefox", "ask", "-"], { stdin: "you" })).stdout).toBe("It is bold.\nDone. you\n");
});

test("Ctrl-C cancels; what nobody knows the end of has an exit code of its own", async () => {
  const { firefox, start, run } = stack();
  firefox.scripts["chat.send"] = (_command, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new FakeRefusal("cancelled")), { once: true });
    });
  const asking = start(["firefox", "ask", "long"]);
  await eventually(() => expect(firefox.executed.at(-1)?.params).toEqual({ text: "long" }));
  asking.ctrlC();
  expect(await asking.code).toBe(3);
  firefox.scripts["page.click"] = () => {
    throw new FakeRefusal("interrupted", { outcome: "unknown" });
  };
  const clicked = await run(["firefox", "click", "#buy"]);
  expect(clicked).toEqual({
    code: 4,
    stdout: "",
    stderr:
      "baa firefox click: The script says interrupted. Whether it was done is not known, and it is not sent again. Look at the page before you ask again.\n",
  });
  firefox.scripts["page.click"] = () => {
    throw new FakeRefusal("selector_not_found");
  };
  expect(await run(["firefox", "click", "#buy"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("It was not done. When it only comes later: baa firefox wait <selector>") as string,
  });
  const audit = await run(["firefox", "commands", "--limit", "2"]);
  expect(audit.stdout).toMatch(/cmd_\S+ +failed .*page\.click.*\ncmd_\S+ +interrupted .*page\.click/);
});

test("conductor dies while a command runs: it is waited for, and done once", async () => {
  const { firefox, conductor, start } = stack();
  let finish: (value: unknown) => void = () => undefined;
  firefox.scripts["page.waitFor"] = () => new Promise((resolve) => (finish = resolve));
  const before = firefox.executed.length;
  const waiting = start(["firefox", "wait", "#late", "--timeout", "60s"]);
  await eventually(() => expect(firefox.executed.length).toBe(before + 1));
  await conductor.kill("SIGKILL");
  finish({ waitedMs: 12 });
  await conductor.start({ until: "listening" });
  await firefox.reconnect();
  expect(await waiting.code).toBe(0);
  expect(waiting.stdout()).toBe("visible after 12 ms\n");
  expect(firefox.executed.length).toBe(before + 1);
});

test("the policies that enrol a browser are put into those that are there, with a door of their own", async () => {
  const { conductor, run } = stack();
  const [file, xpi] = [`${conductor.home}/policies.json`, `${conductor.home}/a b.xpi`];
  fs.writeFileSync(xpi, "");
  fs.writeFileSync(file, '{"policies": {"DisableTelemetry": true}}');
  const { code, stderr } = await run(["firefox", "policy", "--xpi", xpi, "--output", file, "--name", "mini"]);
  expect(code).toBe(0);
  expect(stderr).toContain("Every user of the machine can read the file; the code in it works once, for 7 d");
  const { policies } = JSON.parse(fs.readFileSync(file, "utf8")) as { policies: Record<string, unknown> };
  expect(policies).toEqual({
    DisableTelemetry: true,
    Preferences: { "xpinstall.signatures.required": { Value: false, Status: "locked" } },
    ExtensionSettings: {
      "conductor@baa-conductor": {
        installation_mode: "force_installed",
        install_url: `file://${conductor.home}/a%20b.xpi`,
      },
    },
    "3rdparty": {
      Extensions: {
        "conductor@baa-conductor": {
          url: `ws://127.0.0.1:${conductor.port}/ws/firefox`,
          pairingCode: expect.stringMatching(/^[a-z2-7]{32}$/) as string,
        },
      },
    },
  });
  const backup = fs.readdirSync(conductor.home).find((name) => /^policies\.json\.\w+\.bak$/.test(name));
  expect(fs.readFileSync(`${conductor.home}/${backup}`, "utf8")).toBe('{"policies": {"DisableTelemetry": true}}');
  const { json } = await conductor.request("GET", "/v1/firefox/pairings");
  expect(json).toMatchObject({ pairings: [{ kind: "policy", name: "mini" }] });
  fs.writeFileSync(file, "{ policies: 1 }");
  const refused = await run(["firefox", "policy", "--xpi", xpi, "--output", file]);
  expect(refused).toMatchObject({ code: 74, stderr: expect.stringContaining("is left as it is") as string });
  const { pairings } = (await conductor.request("GET", "/v1/firefox/pairings")).json as { pairings: { id: string }[] };
  expect(pairings.length).toBe(1);
  expect((await run(["firefox", "pairings"])).stdout).toMatch(/\npair_\S+ +by policy +mini +6 d more +5\n$/);
  const id = String(pairings[0]?.id).slice(-8);
  expect((await run(["firefox", "pairings", "close", id])).stdout).toContain("is closed");
  expect((await run(["firefox", "pairings"])).stderr).toBe("no pairing is open\n");
});

test("what the user sends comes as an event; a revoked browser is gone", async () => {
  const { firefox, run } = stack();
  const sent = {
    kind: "selection",
    at: "2026-11-26T12:00:00Z",
    url: "https://shop.test/",
    title: "Shop",
    text: "this",
  };
  firefox.send({ t: "evt", id: "e1", ...sent });
  await firefox.waitFrame(({ t, id }) => t === "evtAck" && id === "e1");
  const told = await run(["firefox", "events", "--types", "firefox.selection.sent"]);
  expect(told.stdout).toMatch(/firefox\.selection\.sent +\w{8} +Shop https:\/\/shop\.test\/: this\n$/);
  expect((await run(["firefox", "revoke", "desk"])).stdout).toContain("desk is revoked");
  expect(await firefox.closed).toBe(4410);
  expect((await run(["firefox", "clients"])).stderr).toContain("no browser is paired");
  await pairBrowser(stack(), "again");
  expect((await run(["firefox", "clients", "--json"])).stdout).toContain('"name": "again"');
});

import http from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { leads, STATUS_TOKEN, startBed, type TestBed, CLIENT_TOKEN } from "../support/status-api.ts";

interface Stream {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Waits until this has come. */
  until(text: string): Promise<void>;
  /** `end` = it ended well; `cut` = it broke off. */
  readonly closed: Promise<"end" | "cut">;
}

/** Opens `/v1/events` as the page does. */
function open(bed: TestBed, query = "", headers: Record<string, string> = {}): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const all = {
      authorization: `Bearer ${CLIENT_TOKEN}`,
      accept: "text/event-stream",
      "sec-fetch-site": "same-origin",
      ...headers,
    };
    const request = http.get(
      `${bed.statusApi.address}/v1/events${query}`,
      { agent: false, headers: all },
      (response) => {
        let text = "";
        const waiting: { text: string; done: () => void }[] = [];
        const look = (): void => {
          for (const one of waiting) if (text.includes(one.text)) one.done();
        };
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
          look();
        });
        const closed = new Promise<"end" | "cut">((done) => {
          response.on("end", () => done("end"));
          response.on("error", () => done("cut"));
        });
        const until = (wanted: string): Promise<void> =>
          new Promise((done) => {
            waiting.push({ text: wanted, done });
            look();
          });
        resolve({ status: response.statusCode ?? 0, headers: response.headers, until, closed });
      },
    );
    request.on("error", reject);
    onTestFinished(() => void request.destroy());
  });
}

/** conductor's stream: what a test writes into it goes to the client. */
function streamOf(bed: TestBed, at = "/v1/codex/events"): Promise<http.ServerResponse> {
  return new Promise((resolve) => {
    bed.conductor.answers[at] = (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream", "x-theirs": "1" });
      response.flushHeaders();
      resolve(response);
    };
  });
}

it("passes each frame on as it comes, with cursor and filters, and ends when conductor ends", async () => {
  const bed = await startBed();
  const theirs = streamOf(bed);
  const ours = await open(bed, "?types=turn.*&sessionId=ses_1", { "last-event-id": "log_1:7" });
  expect([ours.status, ours.headers["content-type"]]).toEqual([200, "text/event-stream"]);
  expect(ours.headers).toMatchObject({ "cache-control": "no-store", "referrer-policy": "no-referrer" });
  const response = await theirs;
  response.write("id: log_1:8\ndata: {}\n\n");
  await ours.until("id: log_1:8\ndata: {}\n\n");
  response.write("id: log_1:9\n");
  await ours.until("id: log_1:9\n");
  const [asked] = bed.conductor.asked("/v1/codex/events");
  expect([asked?.url, asked?.headers["last-event-id"], asked?.authorization, asked?.headers.accept]).toEqual([
    "/v1/codex/events?types=turn.*&sessionId=ses_1",
    "log_1:7",
    `Bearer ${STATUS_TOKEN}`,
    "text/event-stream",
  ]);
  expect(asked?.headers).not.toHaveProperty("sec-fetch-site");
  response.end();
  expect(await ours.closed).toBe("end");
});

it("answers HEAD with the head alone", async () => {
  const bed = await startBed();
  bed.conductor.json("/v1/codex/events", { events: [] });
  const headers = { authorization: `Bearer ${CLIENT_TOKEN}` };
  const reply = await fetch(`${bed.statusApi.address}/v1/events`, { method: "HEAD", headers });
  expect([reply.status, reply.headers.get("content-type"), await reply.text()]).toEqual([200, "application/json", ""]);
  expect(bed.conductor.asked("/v1/codex/events").map(({ method }) => method)).toEqual(["HEAD"]);
});

it("is conductor's own feed when that is asked for", async () => {
  const bed = await startBed();
  const theirs = streamOf(bed, "/v1/events");
  const ours = await open(bed, "?source=conductor&after=3");
  (await theirs).write("data: control\n\n");
  await ours.until("data: control");
  expect(bed.conductor.asked("/v1/events").map(({ url }) => url)).toEqual(["/v1/events?after=3"]);
});

it("breaks off when conductor does, so that nobody takes it for all there was", async () => {
  const bed = await startBed();
  const theirs = streamOf(bed);
  const ours = await open(bed);
  (await theirs).write("data: 1\n\n");
  await ours.until("data: 1");
  await bed.conductor.stop();
  expect(await ours.closed).toBe("cut");
});

it("lets go of conductor's stream when the page is gone", async () => {
  const bed = await startBed();
  const theirs = streamOf(bed);
  const aborted = new AbortController();
  const reply = fetch(`${bed.statusApi.address}/v1/events`, {
    headers: { authorization: `Bearer ${CLIENT_TOKEN}`, accept: "text/event-stream" },
    signal: aborted.signal,
  });
  const response = await theirs;
  const gone = new Promise((resolve) => response.on("close", resolve));
  await reply;
  aborted.abort();
  await gone;
});

it("ends well when status-api stops", async () => {
  const bed = await startBed();
  const theirs = streamOf(bed);
  const ours = await open(bed);
  (await theirs).write("data: 1\n\n");
  await ours.until("data: 1");
  await bed.statusApi.stop("test");
  expect(await ours.closed).toBe("end");
});

it("opens with a token that was made anew", async () => {
  const bed = await startBed();
  await bed.status(); // the old one is held
  const next = STATUS_TOKEN.replace("status", "second");
  bed.conductor.json("/v1/codex/events", { events: [] });
  leads(bed.conductor, next);
  bed.writeStatusToken(next);
  expect((await bed.get("/v1/events")).status).toBe(200);
  expect(bed.conductor.asked("/v1/codex/events").map(({ authorization }) => authorization)).toEqual([
    `Bearer ${STATUS_TOKEN}`,
    `Bearer ${next}`,
  ]);
});

it("is 503 with since and why while conductor is gone", async () => {
  const bed = await startBed();
  await bed.conductor.stop();
  const reply = await bed.get("/v1/events");
  expect([reply.status, reply.headers.get("retry-after")]).toEqual([503, "2"]);
  expect(await reply.json()).toMatchObject({ code: "conductor_down", conductor: "down" });
});

import http from "node:http";

export interface PlainReply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
}

export interface PlainRequest {
  readonly method?: string;
  readonly url: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object goes as JSON; a string goes as it is. */
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

/** One HTTP request by node:http on a connection of its own; shares nothing with the product's client. Rejects when no whole reply comes. */
export function plainRequest(o: PlainRequest): Promise<PlainReply> {
  const body = o.body === undefined || typeof o.body === "string" ? o.body : JSON.stringify(o.body);
  const headers = {
    ...(o.token === undefined ? {} : { authorization: `Bearer ${o.token}` }),
    ...(body === undefined
      ? {}
      : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
    ...o.headers,
  };
  return new Promise((resolve, reject) => {
    const request = http.request(o.url, { method: o.method ?? "GET", headers, agent: false }, (response) => {
      collect(response).then(resolve, reject);
    });
    request.setTimeout(o.timeoutMs ?? 30_000, () => request.destroy(new Error(`no reply from ${o.url} in time`)));
    request.on("error", reject);
    request.end(body);
  });
}

async function collect(response: http.IncomingMessage): Promise<PlainReply> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  return { status: response.statusCode ?? 0, headers: response.headers, text, json: tryJson(text) };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

// Preload (`node --import`): every HTTP server of the process writes a line about each request and its answer into
// the file of BAA_TEST_TAP. Its own hands only: nothing of the product's is asked what happened.
import fs from "node:fs";
import http from "node:http";

const file = process.env.BAA_TEST_TAP;
if (file !== undefined) {
  const emit = Reflect.get(http.Server.prototype, "emit");
  http.Server.prototype.emit = function tapped(event, request, other, ...rest) {
    if (event === "request" || event === "checkContinue") watchResponse(request, other);
    if (event === "upgrade" || event === "connect") watchSocket(request, other);
    return Reflect.apply(emit, this, [event, request, other, ...rest]);
  };
}

function watchResponse(request, response) {
  // The head as it was sent: getHeaders() does not know those that were handed to writeHead().
  response.once("close", () => note(request, parseHead(response._header ?? "")));
}

/** The answer to an upgrade is written to the bare socket. */
function watchSocket(request, socket) {
  let isNoted = false;
  for (const method of ["write", "end"]) {
    const original = socket[method];
    socket[method] = function tapped(chunk, ...rest) {
      const head = isNoted || chunk === undefined ? "" : Buffer.from(chunk).toString("latin1").split("\r\n\r\n")[0];
      if (head.startsWith("HTTP/1.1 ")) {
        isNoted = true;
        note(request, parseHead(head));
      }
      return original.call(this, chunk, ...rest);
    };
  }
}

function parseHead(head) {
  const [line, ...headers] = head.split("\r\n").filter((one) => one !== "");
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(line ?? "")?.[1] ?? 0);
  return { status, answered: headers.map((one) => one.split(":")[0].toLowerCase()) };
}

function note({ method, url, headers }, answer) {
  const { host, origin, referer, authorization, upgrade } = headers;
  const seen = { host, origin, referer, site: headers["sec-fetch-site"], hasToken: authorization !== undefined };
  fs.appendFileSync(file, `${JSON.stringify({ method, url, ...seen, isUpgrade: upgrade !== undefined, ...answer })}\n`);
}

// A conductor with nothing but its health and its control, over files of the working directory: `control.json` keeps
// the reasons, `busy` is a turn in progress, `control.log` has every call in order, `stale` makes it keep the token that
// it had at the start.
export const CONTROL_DAEMON = String.raw`
import fs from "node:fs";
import http from "node:http";
const { port } = new URL(process.env.BAA_CONDUCTOR_LOCAL_API);
const readToken = () => fs.readFileSync(process.env.BAA_SHARED_TOKEN_FILE, "utf8").trim();
const first = readToken();
const reasons = () => (fs.existsSync("control.json") ? JSON.parse(fs.readFileSync("control.json", "utf8")) : []);
const save = (all) => fs.writeFileSync("control.json", JSON.stringify(all));
const control = () => {
  const busy = fs.existsSync("busy");
  return { control: { mode: reasons().length ? "draining" : "running", reasons: reasons(), openTurns: busy ? 1 : 0, idle: !busy } };
};
const act = {
  "/v1/control/drain": ({ id, ttlMs }) => save([...reasons().filter((each) => each.id !== id), { id, ttlMs }]),
  "/v1/control/resume": ({ id }) => save(reasons().filter((each) => each.id !== id)),
};
http.createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  if (request.url === "/healthz") return response.end("ok\n");
  const token = fs.existsSync("stale") ? first : readToken();
  const isAllowed = request.headers.authorization === "Bearer " + token;
  const json = body === "" ? {} : JSON.parse(body);
  if (request.method === "POST") fs.appendFileSync("control.log", request.url.split("/").at(-1) + " " + json.id + "\n");
  response.setHeader("content-type", "application/json");
  if (!isAllowed) return response.writeHead(401).end(JSON.stringify({ title: "Unauthorized", detail: "no such token" }));
  act[request.url]?.(json);
  response.end(JSON.stringify(control()));
}).listen(Number(port), "127.0.0.1");
`;

// The yardstick of a start: the least service of fastify, ws, zod and pino (fastify's logger). Bundled as codexd is.
import fastify from "fastify";
import { WebSocketServer } from "ws";
import * as z from "zod";

const Echo = z.strictObject({ text: z.string().min(1).max(1000), times: z.coerce.number().int().default(1) });

const app = fastify({ logger: true });
app.get("/healthz", async () => ({ status: "ok" }));
app.post("/echo", async (request) => Echo.parse(request.body));

const sockets = new WebSocketServer({ noServer: true });
app.server.on("upgrade", (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (client) => client.send("hello"));
});

await app.listen({ host: "127.0.0.1", port: Number(process.argv[2]) });
process.once("SIGTERM", () => void app.close());

import { once } from "node:events";
import { FIREFOX_PROTOCOL, proofOf, randomSecret } from "@baa/contracts/firefox";
import { WebSocket } from "ws";

/** Another program with the key of a paired browser: its copied profile, say. Connected when this resolves. */
export async function connectTwin(o: {
  port: number;
  origin: string;
  clientId: string;
  key: string;
}): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${o.port}/ws/firefox`, FIREFOX_PROTOCOL, { origin: o.origin });
  const challenge = await nextFrame(socket);
  const nonce = randomSecret();
  const proof = {
    serverId: String(challenge["serverId"]),
    serverNonce: String(challenge["nonce"]),
    clientNonce: nonce,
  };
  socket.send(
    JSON.stringify({
      t: "hello",
      proto: 1,
      clientId: o.clientId,
      nonce,
      with: "key",
      mac: await proofOf(o.key, { side: "client", with: "key", clientId: o.clientId, ...proof }),
      backgroundId: "twin",
      info: { browser: "Firefox 1", os: "linux", extension: "1", manifest: 2, hasAllSites: true },
    }),
  );
  const welcome = await nextFrame(socket);
  if (welcome["t"] !== "welcome") throw new Error(`no welcome: ${JSON.stringify(welcome)}`);
  socket.send(JSON.stringify({ t: "journal", ids: [], methods: [] }));
  return socket;
}

async function nextFrame(socket: WebSocket): Promise<Record<string, unknown>> {
  const [data] = (await once(socket, "message")) as [Buffer];
  return JSON.parse(data.toString()) as Record<string, unknown>;
}

import net from "node:net";

export interface SlowEnd {
  readonly kind: string;
  readonly afterMs: number;
  readonly answer: string;
}
export interface SlowSockets {
  /** Resolves when the server has closed every one of them. */
  readonly ended: Promise<SlowEnd[]>;
  destroy(): void;
}

/** One byte of a header at a time, so that the connection is never idle. */
const DRIP_MS = 250;

/** Connections that send nothing, or a head that never ends: `count` of each kind. */
export function openSlowSockets(o: { port: number; count: number }): SlowSockets {
  const begin = `GET /v1/codexd/events HTTP/1.1\r\nHost: 127.0.0.1:${o.port}\r\n`;
  const kinds: Record<string, string> = {
    silent: "",
    "endless header": begin,
    "endless upgrade": `${begin}Connection: Upgrade\r\nUpgrade: websocket\r\n`,
  };
  const opened = Object.entries(kinds).flatMap(([kind, text]) =>
    Array.from({ length: o.count }, () => open(o.port, kind, text)),
  );
  return {
    ended: Promise.all(opened.map(({ ended }) => ended)),
    destroy: () => opened.forEach(({ socket }) => socket.destroy()),
  };
}

function open(port: number, kind: string, text: string): { socket: net.Socket; ended: Promise<SlowEnd> } {
  const startedMs = performance.now();
  const socket = net.connect({ host: "127.0.0.1", port });
  socket.on("error", () => undefined); // `close` follows
  let answer = "";
  socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
  let timer: NodeJS.Timeout | undefined;
  socket.on("connect", () => {
    if (text === "") return;
    socket.write(`${text}X-Slow: `);
    timer = setInterval(() => socket.write("a"), DRIP_MS);
  });
  const ended = new Promise<SlowEnd>((resolve) => {
    socket.on("close", () => {
      clearInterval(timer);
      resolve({ kind, afterMs: performance.now() - startedMs, answer });
    });
  });
  return { socket, ended };
}

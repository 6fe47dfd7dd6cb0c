import { lookup } from "node:dns/promises";
import { isIP, type Socket } from "node:net";
import os from "node:os";
import { callbackify, promisify } from "node:util";
import { Agent, buildConnector, request } from "undici";
import type { Outcome } from "./delivery-machine.ts";
import type { HookTarget } from "./hooks-file.ts";
import { signedHeaders } from "./signature.ts";
import { refusalOf } from "./target-address.ts";

/** Milliseconds for a connection, and for everything together. */
const CONNECT_MS = 5_000;
const SEND_MS = 10_000;
/** Bytes of an answer that are read before the connection is given up for it. */
const ANSWER_BYTES_MAX = 4_096;

/** The address may not be reached by a hook. */
class TargetRefusedError extends Error {
  override readonly name = "TargetRefusedError";
}

export interface SenderOptions {
  /** Ports of our own services, asked at every connection. */
  readonly ownPorts: () => ReadonlySet<number>;
  readonly version: string;
  readonly nowMs: () => number;
  /** Names to addresses; the system's resolver. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
}

/** Sends messages to targets. A name is looked up for each connection, and the address is judged that is dialled. */
export class HookSender {
  readonly #o: SenderOptions;
  readonly #agent: Agent;

  constructor(o: SenderOptions) {
    this.#o = o;
    const dial = dialer(buildConnector({ timeout: CONNECT_MS }));
    const connect = callbackify(async (options: buildConnector.Options): Promise<Socket> =>
      dialFirst(dial, options, await this.#addressesOf(options)),
    );
    this.#agent = new Agent({
      connect: (options, callback) =>
        connect(options, (error, socket) => {
          if (error === null) callback(null, socket);
          else callback(error, null);
        }),
    });
  }

  /** One attempt; never throws. */
  async send(target: HookTarget, message: { id: string; body: string }, signal: AbortSignal): Promise<Outcome> {
    const deadline = AbortSignal.timeout(SEND_MS);
    try {
      const { statusCode, body } = await request(target.url, {
        method: "POST",
        dispatcher: this.#agent,
        body: message.body,
        headers: {
          "content-type": "application/json",
          "user-agent": `baa-conductor/${this.#o.version}`,
          ...signedHeaders({ ...message, keys: target.keys, timestamp: Math.floor(this.#o.nowMs() / 1000) }),
        },
        signal: AbortSignal.any([deadline, signal]),
      });
      // What it says beside its status does not count, nor whether it says it to the end.
      await body.dump({ limit: ANSWER_BYTES_MAX }).catch(() => undefined);
      return { kind: "answered", status: statusCode };
    } catch (error) {
      return { kind: "unanswered", reason: deadline.aborted ? `no answer within ${SEND_MS} ms` : faultOf(error) };
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  /** The addresses that may be dialled, in the resolver's order. @throws TargetRefusedError, the resolver's error */
  async #addressesOf({ hostname, port, protocol }: buildConnector.Options): Promise<string[]> {
    const isTls = protocol === "https:";
    const literal = hostname.replace(/^\[|\]$/g, "");
    const found = isIP(literal) === 0 ? await (this.#o.resolve ?? resolveAll)(literal) : [literal];
    const own = { addresses: ownAddresses(), ports: this.#o.ownPorts() };
    const to = { port: Number(port || (isTls ? 443 : 80)), isTls };
    const refusals = found.map((address) => refusalOf({ ...to, address }, own));
    const allowed = found.filter((_address, index) => refusals[index] === undefined);
    if (allowed.length > 0) return allowed;
    throw new TargetRefusedError(refusals[0] ?? "its name has no address");
  }
}

const resolveAll = async (name: string): Promise<string[]> =>
  (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);

const ownAddresses = (): string[] =>
  Object.values(os.networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));

type Dial = (options: buildConnector.Options) => Promise<Socket>;

const dialer = (connector: buildConnector.connector): Dial => promisify(connector as never) as Dial;

/** Tries the addresses in their order. @throws the last one's fault */
async function dialFirst(
  dial: Dial,
  options: buildConnector.Options,
  [address = "", ...rest]: readonly string[],
): Promise<Socket> {
  try {
    return await dial({ ...options, hostname: address });
  } catch (error) {
    if (rest.length === 0) throw error;
    return dialFirst(dial, options, rest);
  }
}

const faultOf = (error: unknown): string => {
  if (error instanceof TargetRefusedError) return error.message;
  const { code } = error as { code?: string };
  return code ?? (error instanceof Error ? error.name : "it could not be sent");
};

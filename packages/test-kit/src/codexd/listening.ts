import * as z from "zod";

const Line = z.looseObject({ event: z.literal("listening"), address: z.unknown() });
const Parts = z.looseObject({ port: z.number() });

/**
 * The port out of the daemon's log line `{"event":"listening","address":…}`; the address may be a URL, `host:port`,
 * `{port}`, or a list of those. Undefined for any other line.
 */
export function listeningPort(line: string): number | undefined {
  if (!line.includes('"listening"')) return undefined;
  const parsed = Line.safeParse(tryJson(line));
  return parsed.success ? portOf(parsed.data.address) : undefined;
}

function portOf(address: unknown): number | undefined {
  if (Array.isArray(address)) return portOf(address[0]);
  const parts = Parts.safeParse(address);
  if (parts.success) return parts.data.port;
  const found = /:(\d+)\/?$/.exec(String(address));
  return found === null ? undefined : Number(found[1]);
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // a line of something else
  }
}

import os from "node:os";

/** What of this machine a reader of the figures must know, in one line; nothing that names it. */
export function machineFacts(): string {
  const cpus = os.cpus();
  const memoryGib = Math.round(os.totalmem() / 2 ** 30);
  return [
    `${os.type()} ${os.arch()}`,
    `${cpus.length} cores (${cpus[0]?.model.trim() ?? "unknown"})`,
    `${memoryGib} GiB`,
    `Node ${process.version}`,
  ].join(", ");
}

/** Processes that waited for a core in the last minute, for each core: above about 1 the figures are pessimistic. */
export const loadPerCore = (): number => (os.loadavg()[0] ?? 0) / os.cpus().length;

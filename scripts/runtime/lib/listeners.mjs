// Who listens on a port of this machine.
import { outputOf } from "./output.mjs";

/** The pids that listen on a port; undefined when nobody can tell (no lsof). Without root only one's own are seen. */
export const listeners = async (port) => {
  const found = await outputOf("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-t"]);
  return found?.stdout.split("\n").filter(Boolean).map(Number);
};

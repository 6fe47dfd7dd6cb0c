// A service that unloads itself is killed in the middle, with everything it started: nothing would load it again.
import { execFileSync } from "node:child_process";
import { askLaunchd } from "./launchd-state.mjs";

const parentOf = (pid) => {
  try {
    return Number(execFileSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" }).trim());
  } catch {
    return 0; // it has just ended
  }
};

const ancestors = () => {
  const found = [];
  for (let pid = process.pid; pid > 1 && found.length < 64; pid = parentOf(pid)) found.push(pid);
  return found;
};

/** Why this process must not touch the services, or undefined. */
export const selfFault = async (domain, services) => {
  const inside = services.find(({ label }) => label === process.env.XPC_SERVICE_NAME);
  const states = await Promise.all(services.map(({ label }) => askLaunchd(domain, label)));
  const chain = ancestors();
  const above = services.find((_service, index) => chain.includes(states[index].pid));
  const { id, label } = inside ?? above ?? {};
  if (id === undefined) return undefined;
  return `this runs inside of ${id} (${label}), and would be killed in the middle; run it from a shell of your own`;
};

import type { RuntimeFile } from "./runtime-file.ts";

/** What to do when nothing answers, for this kind of installation. */
export const startHint = (runtime: RuntimeFile | undefined, o: { platform: NodeJS.Platform }): string => {
  const repo = runtime?.directories.repo;
  if (repo !== undefined && runtime?.launchd !== undefined && o.platform === "darwin") {
    return `Start them: ${repo}/scripts/runtime/start-launchd.sh; what launchd says of them: ${repo}/scripts/runtime/status-launchd.sh.`;
  }
  return [
    "Start them, each in the checkout and with the same runtime root:",
    "  node apps/codexd/dist/index.js start",
    "  node apps/conductor-daemon/dist/index.js --role primary",
    "or try everything with scripts/quickstart.sh. Elsewhere: --api URL.",
  ].join("\n");
};

const COMMANDS = {
  conductor: "node apps/conductor-daemon/dist/index.js --role primary",
  codexd: "node apps/codexd/dist/index.js start",
  "status-api": "node apps/status-api/dist/index.js",
} as const;

/** The same for one of them, in one line. */
export const startOneHint = (
  service: keyof typeof COMMANDS,
  runtime: RuntimeFile | undefined,
  o: { platform: NodeJS.Platform },
): string => {
  const repo = runtime?.directories.repo;
  return repo !== undefined && runtime?.launchd !== undefined && o.platform === "darwin"
    ? `${repo}/scripts/runtime/start-launchd.sh --service ${service}`
    : `start it in the checkout, with the same runtime root: ${COMMANDS[service]}`;
};

// What launchd says about a service, read defensively: its print is no stable format.
import { execFile } from "node:child_process";

const LINE = /^\t(state|pid|runs|last exit code|last terminating signal|pended nondemand spawn) = (.*)$/;

/** The one-tab lines that matter; deeper blocks have lines of the same names. */
export const parsePrint = (text) => {
  const fields = {};
  for (const line of text.split("\n")) {
    const found = LINE.exec(line);
    if (found !== null) fields[found[1]] ??= found[2];
  }
  const pid = Number(fields.pid);
  return {
    state: fields.state,
    pid: Number.isInteger(pid) && pid > 0 ? pid : undefined,
    runs: fields.runs === undefined ? undefined : Number(fields.runs),
    lastExit: fields["last exit code"] ?? fields["last terminating signal"],
    pended: fields["pended nondemand spawn"],
  };
};

/** Runs launchctl; `{code, stdout, stderr}`, code 127 when there is none. Never throws. */
export const launchctl = (...words) =>
  new Promise((resolve) => {
    execFile("launchctl", words, { encoding: "utf8", timeout: 20_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code === "ENOENT" ? 127 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
  });

/** `{loaded, why?, state?, pid?, runs?, lastExit?, pended?}` of one service. */
export const askLaunchd = async (domain, label) => {
  const { code, stdout, stderr } = await launchctl("print", `${domain}/${label}`);
  if (code === 0) return { loaded: true, ...parsePrint(stdout) };
  if (code === 113) return { loaded: false };
  if (code === 127) return { loaded: false, why: "there is no launchctl on this machine" };
  return { loaded: false, why: `launchctl print ended with ${code}: ${stderr.trim().split("\n").at(-1)}` };
};

/** The labels that launchd refuses to load in a domain: `disable` outlives plists and reboots. */
export const disabledLabels = async (domain) => {
  const { stdout } = await launchctl("print-disabled", domain);
  return [...stdout.matchAll(/^\s*"([^"]+)" => (?:disabled|true)$/gm)].map(([, label]) => label);
};

/** Both domains of a user: what was loaded over ssh is in the other one than what was loaded on the screen. */
export const siblingDomains = (domain) => {
  const [, uid] = /^(?:gui|user)\/(\d+)$/.exec(domain) ?? [];
  return uid === undefined ? [domain] : [domain, ...[`gui/${uid}`, `user/${uid}`].filter((other) => other !== domain)];
};

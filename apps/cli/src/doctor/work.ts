import type { CodexdStatus, Control } from "@baa/contracts";
import { fail, type Finding, ok, warn } from "@baa/process";
import type { Looks } from "../status/verdict.ts";

/** So many restarts of the child in one life of codexd are no accident. */
const RESTARTS_MAX = 3;

/** What holds work back, or may: reasons in control, the link between the daemons, and the child. */
export const workFindings = (looks: Looks): Finding[] => [
  ...controlFindings(looks.conductor?.control),
  ...linkFindings(looks),
  ...childFindings(looks.codexd?.codexd),
];

const controlFindings = (control: Control | undefined): Finding[] => {
  if (control === undefined) return [];
  if (control.reasons.length === 0) return [ok("control", "running; no reason against it")];
  return control.reasons.map(({ id, mode, by, at, expiresAt, note }) => {
    const end = expiresAt === undefined ? "" : `, goes by itself at ${expiresAt}`;
    const why = note === undefined ? "" : `: ${note}`;
    return warn(
      "control",
      `${mode} by ${by} since ${at}${end}${why}`,
      `if it is not meant any more: baa resume --id ${id}`,
    );
  });
};

const linkFindings = ({ conductor }: Looks): Finding[] => {
  const link = conductor?.runtime?.codexd;
  if (link === undefined) return [];
  if (link.state === "up") return [ok("link", "conductor reaches codexd")];
  const why = link.reason ?? "it has not answered yet";
  return [
    fail(
      "link",
      `conductor does not reach codexd: ${why}`,
      "start codexd, or give both the same BAA_CODEXD_LOCAL_API_BASE and BAA_CODEXD_STATE_DIR",
    ),
  ];
};

const childFindings = (codexd: CodexdStatus | undefined): Finding[] => {
  const child = codexd?.child;
  if (child === undefined) return [];
  const version = child.version === undefined ? "" : ` (codex ${child.version})`;
  const findings =
    child.state === "ready"
      ? [ok("child", `ready${version}`)]
      : [fail("child", `${child.state}${version}`, "see why: baa logs --types 'child.*'")];
  if (child.restarts > RESTARTS_MAX) {
    findings.push(
      warn(
        "child restarts",
        `it was restarted ${child.restarts} times since codexd started`,
        "see why: baa logs --types 'child.*'",
      ),
    );
  }
  return findings;
};

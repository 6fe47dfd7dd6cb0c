#!/bin/bash
set -euo pipefail

USAGE="Usage: scripts/runtime/doctor.sh [options]

Looks for what keeps the services from running, now or after the next reboot, and says the next step for each: login
session, automatic login, Low Power Mode and sleep, the tailnet's address, room on the disk; plists, their mode and
their drift from the templates, node and codex as the jobs see them, log sizes, file modes, the token; what launchd
has, the disabled override, who holds the ports. Writes nothing. Without --service: conductor, codexd and status-api
are looked at.

  --service NAME          conductor, codexd, status-api or worker-runner; repeatable
  --all-services          all four
  --scope agent|daemon    (default: agent)
  --repo-dir PATH         the repository, when nothing is installed (default: the one this script is in)
  --home-dir PATH         only to find LaunchAgents and ~/.config/baa-conductor (default: yours)
  --install-dir PATH      where the installed copies are
  --domain TARGET         launchd domain (default: the one that is there, gui/<uid> first)
  --dry-run               changes nothing: the doctor only looks
  --json                  one JSON object
  --help                  this text

Exit: 0 nothing failed (there may be warnings), 1 something did, 64 usage, 69 node is missing, 77 refused (root for
agents)."

# shellcheck source=scripts/runtime/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/runtime/lib/domain.sh
. "$lib_dir/domain.sh"
# shellcheck source=scripts/runtime/lib/places.sh
. "$lib_dir/places.sh"

opt_repo_dir=""
opt_json=""

main() {
  local code=0 uid user_name
  begin "$@"
  uid="$(id -u)"
  user_name="$(id -un)"
  # A machine without a session is what the doctor is for: it is said among the findings.
  find_domain || domain="gui/$uid"
  place_args
  chosen+=(--scope "${opt_scope:-agent}" --uid "$uid" --user-name "$user_name")
  chosen+=(--repo-dir "${opt_repo_dir:-$default_repo_dir}")
  if [ -n "$opt_json" ]; then chosen+=(--json); fi
  node "$lib_dir/doctor.mjs" ${chosen[@]+"${chosen[@]}"} || code=$?
  finish "$code"
}

main "$@"

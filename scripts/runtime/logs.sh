#!/bin/bash
set -euo pipefail

USAGE="Usage: scripts/runtime/logs.sh [options]

Shows the ends of what launchd wrote for the chosen services (standard output and standard error, mostly starts and
crashes; the daemons keep logs of their own), each line with its service in front. Control characters are shown, not
obeyed. Without --service: conductor, codexd and status-api are shown.

  --service NAME          conductor, codexd, status-api or worker-runner; repeatable
  --all-services          all four
  --scope agent|daemon    (default: agent)
  --home-dir PATH         only to find LaunchAgents (default: yours)
  --install-dir PATH      where the installed copies are
  --lines NUMBER          lines of each file (default: 20, at most 10000)
  -n NUMBER               the same
  --follow                go on with new lines until Ctrl-C; files may come later, be cut, or be replaced
  --dry-run               changes nothing: logs are only read
  --json                  one JSON object; with --follow one a line
  --help                  this text

Exit: 0 shown, 1 none of them is installed, 64 usage, 69 node is missing, 77 refused (root for agents), 129, 130, 143
ended by a signal."

# shellcheck source=scripts/runtime/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/runtime/lib/places.sh
. "$lib_dir/places.sh"

opt_lines=""
opt_n=""
opt_follow=""
opt_json=""

main() {
  local code=0
  begin "$@"
  domain="-"
  place_args
  if [ -n "${opt_n:-$opt_lines}" ]; then chosen+=(--lines "${opt_n:-$opt_lines}"); fi
  if [ -n "$opt_follow" ]; then chosen+=(--follow); fi
  if [ -n "$opt_json" ]; then chosen+=(--json); fi
  node "$lib_dir/logs.mjs" ${chosen[@]+"${chosen[@]}"} || code=$?
  finish "$code"
}

main "$@"

#!/bin/bash
set -euo pipefail

USAGE="Usage: scripts/runtime/status-launchd.sh [options]

Lists the chosen services: label, plist and whether it lints, whether launchd has loaded it, whether it runs, and
whether it answers. A service that does not answer does not stop the list. Without --service: conductor, codexd and
status-api are shown.

  --service NAME          conductor, codexd, status-api or worker-runner; repeatable
  --all-services          all four
  --scope agent|daemon    (default: agent)
  --home-dir PATH         only to find LaunchAgents (default: yours)
  --install-dir PATH      where the installed copies are
  --domain TARGET         launchd domain (default: the one that is there, gui/<uid> first)
  --local-api-base URL    conductor (default: as installed, else http://100.71.210.78:4317)
  --codexd-api-base URL   codexd (default: as installed, else http://127.0.0.1:4319)
  --codexd-local-api-base URL
                          the same
  --status-api-base URL   status-api (default: as installed, else http://100.71.210.78:4318)
  --skip-http             do not ask the services themselves
  --dry-run               changes nothing: status never writes
  --json                  one JSON object
  --help                  this text

Exit: 0 all healthy (with --skip-http: all running), 2 one is not, 64 usage, 69 node is missing, 77 refused (root for
agents, no session)."

# shellcheck source=scripts/runtime/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/runtime/lib/settings.sh
. "$lib_dir/settings.sh"
# shellcheck source=scripts/runtime/lib/domain.sh
. "$lib_dir/domain.sh"
# shellcheck source=scripts/runtime/lib/places.sh
. "$lib_dir/places.sh"

opt_local_api_base=""
opt_codexd_api_base=""
opt_codexd_local_api_base=""
opt_status_api_base=""
opt_skip_http=""
opt_json=""

main() {
  local code=0
  begin "$@"
  choose_domain
  find_places
  settings=(--domain "$domain" --home-dir "$home_dir" --install-dir "$install_dir")
  pass --local-api-base "$opt_local_api_base"
  pass --codexd-api-base "${opt_codexd_api_base:-$opt_codexd_local_api_base}"
  pass --status-api-base "$opt_status_api_base"
  pass_flag --skip-http "$opt_skip_http"
  pass_flag --json "$opt_json"
  node "$lib_dir/status.mjs" ${chosen[@]+"${chosen[@]}"} "${settings[@]}" || code=$?
  finish "$code"
}

main "$@"

#!/bin/bash
set -euo pipefail

USAGE="Usage: scripts/runtime/rollback.sh [options]

Goes back to an older release: the newest one before the current that has served, or the one that --to names. Only one
that can read what lies on disk will do. The link releases/current is switched, what ran from the other release is
restarted, and if it does not serve, the release of before comes back. Plists, tokens and state stay as they are.
Without --service: conductor, codexd and status-api are restarted.

  --service NAME          conductor, codexd, status-api or worker-runner; repeatable
  --all-services          all four
  --list                  only show the releases: the current one (*), which have served, which can be used
  --to ID                 the release to go to; also a newer one
  --scope agent|daemon    (default: agent)
  --repo-dir PATH         the repository (default: the one this script is in)
  --home-dir PATH         to find LaunchAgents and what is kept of the last loading (default: yours)
  --install-dir PATH      where the installed copies are
  --domain TARGET         launchd domain (default: the one that is there, gui/<uid> first)
  --timeout SECONDS       how long a service may take to serve, besides its throttle interval (default: 20)
  --no-drain              do not wait for what is in progress; turns are interrupted
  --drain-timeout SECONDS how long to wait for it (default: 10)
  --dry-run               say where it would go, and the commands; touch nothing
  --json                  one JSON object on standard output, everything else on standard error
  --help                  this text

Exit: 0 the other release serves, 1 failed (no such release, or one that cannot read the data), 2 a service is not
healthy, 20 it did not serve and the release of before does, 21 neither does, 64 usage, 69 node is missing, 75 another
run is at work, 77 refused (root for agents, no session, called from inside a service), 129, 130, 143 ended by a
signal; then every service is loaded."

# shellcheck source=scripts/runtime/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/runtime/lib/settings.sh
. "$lib_dir/settings.sh"
# shellcheck source=scripts/runtime/lib/domain.sh
. "$lib_dir/domain.sh"
# shellcheck source=scripts/runtime/lib/switch.sh
. "$lib_dir/switch.sh"

opt_list=""
opt_to=""
# shellcheck disable=SC2034 # switch.sh reads it
opt_keep_releases=""
opt_dry_run=""
opt_json=""

choose_release() {
  local call
  call=(choose)
  if [ -n "$opt_to" ]; then call+=(--to "$opt_to"); fi
  release_id="$(release ${call[@]+"${call[@]}"})"
}

switch_release() {
  state=switched
  release switch --to "$release_id"
  gate
}

show_plan() {
  printf 'release: current would become %s\n' "$release_id" >&3
  script restart-launchd ${chosen[@]+"${chosen[@]}"} ${target[@]+"${target[@]}"} ${drain[@]+"${drain[@]}"} --dry-run >&3
}

main() {
  begin "$@"
  open_output
  collect_settings
  if [ -n "$opt_list" ]; then
    install_dir="" # nobody asks launchd for a list
    release list ${opt_json:+--json}
    finish 0
  fi
  opt_drain_timeout="${opt_drain_timeout:-10}"
  choose_domain
  collect_target
  needs_restart >/dev/null # refuses when this runs inside of a service
  if [ -z "$opt_dry_run" ]; then take_lock "$home_dir/.config/baa-conductor/launchd.lock"; fi
  leave_hook=leave
  phase release
  choose_release
  if [ -n "$opt_dry_run" ]; then
    show_plan
    finish 0
  fi
  phase services
  switch_release
  printf '%s serves; restarted:%s\n' "$release_id" "${restarted:- nothing}" >&3
  finish 0
}

main "$@"

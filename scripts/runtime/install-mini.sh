#!/bin/bash
set -euo pipefail

USAGE="Usage: scripts/runtime/install-mini.sh [options]

Brings this machine to what the repository says, in one go: runtime directories, shared token, build, a release
(releases/<id>, and the link releases/current that the property lists go through), property lists, restart of what
changed, and the checks. A release that does not get healthy is taken back by itself. A second run with nothing new
restarts nothing. Without --service: conductor, codexd and status-api are installed.

  --service NAME                     conductor, codexd, status-api or worker-runner; repeatable
  --all-services                     all four
  --node NAME                        whose addresses are the defaults (default: mini)
  --scope agent|daemon               LaunchAgents of this user, or LaunchDaemons (default: agent)
  --repo-dir PATH                    the repository (default: the one this script is in)
  --home-dir PATH                    HOME of the services (default: yours)
  --install-dir PATH                 (default: <home>/Library/LaunchAgents or /Library/LaunchDaemons)
  --username NAME                    UserName of daemons (default: you)
  --domain TARGET                    launchd domain (default: the one that is there, gui/<uid> first)
  --shared-token VALUE               visible in ps: prefer the next one, or the variable BAA_SHARED_TOKEN
  --shared-token-file PATH           file (0600) with the token (default: ~/.config/baa-conductor/shared-token.txt;
                                     made when it is missing: from --secrets-env, else at random)
  --secrets-env PATH                 file with a line BAA_SHARED_TOKEN=... of an older installation (default:
                                     runtime-secrets.env, then control-api-worker.secrets.env, beside the token file)
  --control-api-base URL             (default of these and all below: the node's)
  --local-api-base URL               where conductor listens
  --local-api-allowed-hosts CSV      hosts that conductor answers to
  --codexd-local-api-base URL        where codexd listens; loopback only
  --codexd-api-base URL              the same
  --codexd-event-stream-path PATH    path of codexd's event stream
  --codexd-server-command COMMAND    Codex (default: codex)
  --codexd-server-cwd PATH           working directory of Codex (default: the repository)
  --status-api-host HOST             where status-api listens
  --status-api-port PORT             (default: 4318)
  --status-api-base URL              where the check asks it (default: http://<host>:<port>)
  --keep-releases NUMBER             how many releases stay (default: 5)
  --timeout SECONDS                  how long a service may take to serve, besides its throttle interval (default: 20)
  --no-drain                         do not wait for what is in progress; turns are interrupted
  --drain-timeout SECONDS            how long to wait for it (default: 60)
  --skip-build                       take what is built already
  --skip-restart                     install, and leave running what runs
  --skip-check                       no check-launchd and check-node at the end
  --dry-run                          show every step, the plist diff and the commands; touch nothing
  --json                             one JSON object on standard output, everything else on standard error
  --help                             this text

Exit: 0 all is well, 1 failed, 2 a service is not healthy, 20 the former release was put back and serves, 21 it was
put back and does not serve, 64 usage, 69 something is missing (node, a build), 73 a file cannot be written, 75
another run is at work, 77 refused (root for agents, no session, called from inside a service, a folder that launchd
may not read), 129, 130, 143 ended by a signal; then every service is loaded, and the next run goes on."

# shellcheck source=scripts/runtime/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/runtime/lib/settings.sh
. "$lib_dir/settings.sh"
# shellcheck source=scripts/runtime/lib/domain.sh
. "$lib_dir/domain.sh"
# shellcheck source=scripts/runtime/lib/switch.sh
. "$lib_dir/switch.sh"

opt_shared_token=""
opt_shared_token_file=""
opt_secrets_env=""
opt_status_api_base=""
opt_keep_releases=""
opt_skip_build=""
opt_skip_restart=""
opt_skip_check=""
opt_dry_run=""
opt_json=""
dry=()

# The value goes through standard input, and into a file that only its owner reads.
provide_token() {
  local value call needy
  needy="$(node "$lib_dir/needs-token.mjs" ${chosen[@]+"${chosen[@]}"})"
  if [ -z "$needy" ]; then
    printf 'token: none of these services needs it\n' >&3
    return
  fi
  value="${opt_shared_token:-${BAA_SHARED_TOKEN:-}}"
  if [ -n "$opt_shared_token" ]; then
    log "$script_name: --shared-token is visible to every user in ps; prefer --shared-token-file or BAA_SHARED_TOKEN"
  fi
  call=(--file "${opt_shared_token_file:-$home_dir/.config/baa-conductor/shared-token.txt}")
  if [ -n "$opt_shared_token_file" ]; then call+=(--own); fi
  if [ -n "$value" ]; then call+=(--given); fi
  if [ -n "$opt_secrets_env" ]; then call+=(--secrets-env "$opt_secrets_env"); fi
  printf '%s' "$value" | node "$lib_dir/token-source.mjs" ${call[@]+"${call[@]}"} ${dry[@]+"${dry[@]}"} >&3
  unset BAA_SHARED_TOKEN
}

# What the lockfile says, then every app; nothing when neither has changed since the last time.
build() {
  local common="$repo_dir/scripts/dev/common.sh"
  if [ -n "$opt_skip_build" ]; then
    printf 'build: skipped, what is built already is taken\n' >&3
    return
  fi
  [ -f "$common" ] || die "$EXIT_MISSING" "there is no $common to build with; --skip-build takes what is built already"
  (
    cd "$repo_dir"
    # shellcheck source=scripts/dev/common.sh
    . "$common"
    if ! node scripts/dev/stamp.mjs fresh install; then build_step install_packages; fi
    if node scripts/dev/stamp.mjs fresh build; then
      printf 'build: nothing changed since the last one\n' >&3
    else
      build_step build_apps
    fi
  )
}

build_step() {
  if [ -z "$opt_dry_run" ]; then
    "$1" >&3
  elif [ "$1" = install_packages ]; then
    printf 'npx --yes pnpm install --frozen-lockfile\n' >&3
  else
    printf 'npx --yes pnpm -r build\n' >&3
  fi
}

# shown SCRIPT ARGUMENTS...: runs it, or says how in a dry run.
shown() {
  if [ -z "$opt_dry_run" ]; then
    script "$@" >&3
  else
    printf 'scripts/runtime/%s.sh' "$1" >&3
    printf ' %q' "${@:2}" >&3
    printf '\n' >&3
  fi
}

check_all() {
  local call
  call=(${chosen[@]+"${chosen[@]}"} ${settings[@]+"${settings[@]}"})
  if [ -n "$opt_skip_restart" ]; then
    shown check-launchd ${call[@]+"${call[@]}"}
    return
  fi
  if [ -n "${opt_domain:-}" ]; then call+=(--domain "$opt_domain"); fi
  shown check-launchd ${call[@]+"${call[@]}"} --check-loaded
  if [ -n "$opt_status_api_base" ]; then call+=(--status-api-base "$opt_status_api_base"); fi
  # The files are checked; what is asked now is the machine.
  shown check-node ${call[@]+"${call[@]}"} --skip-static-check --expected-rolez leader
}

# Nothing is touched before everything that can be known is: a build, a release that loads, a token.
prepare() {
  phase directories
  script bootstrap --repo-dir "$repo_dir" ${dry[@]+"${dry[@]}"} >&3
  phase token
  provide_token
  phase build
  build
  phase release
  release_id="$(release make ${dry[@]+"${dry[@]}"})"
}

render() {
  node "$lib_dir/../../../ops/launchd/render.mjs" "$@" ${chosen[@]+"${chosen[@]}"} ${settings[@]+"${settings[@]}"}
}

install_plists() {
  phase plists
  if [ -n "$opt_dry_run" ]; then
    render --dry-run >&3
    return
  fi
  state=switched
  release switch --to "$release_id"
  script install-launchd ${chosen[@]+"${chosen[@]}"} ${settings[@]+"${settings[@]}"} >&3
}

start_services() {
  phase services
  if [ -n "$opt_dry_run" ]; then
    script restart-launchd ${chosen[@]+"${chosen[@]}"} ${target[@]+"${target[@]}"} ${drain[@]+"${drain[@]}"} --dry-run >&3
  elif [ -n "$opt_skip_restart" ]; then
    state=""
    log "$script_name: nothing is restarted; $release_id counts from the next restart-launchd.sh"
  else
    gate
  fi
}

main() {
  begin "$@"
  open_output
  collect_settings
  guard_place "$repo_dir"
  choose_domain
  collect_target
  settings+=(--code-dir "$repo_dir/releases/current")
  # Wrong settings show before anything is done with them.
  render --dry-run >/dev/null
  needs_restart >/dev/null # refuses when this runs inside of a service
  if [ -n "$opt_dry_run" ]; then
    dry=(--dry-run)
  else
    take_lock "$home_dir/.config/baa-conductor/launchd.lock"
  fi
  leave_hook=leave
  prepare
  install_plists
  start_services
  if [ -z "$opt_skip_check" ]; then
    phase checks
    check_all
  fi
  if [ -n "$opt_dry_run" ]; then finish 0; fi
  if [ -n "$restarted" ]; then
    printf '%s serves; restarted:%s\n' "$release_id" "$restarted" >&3
  else
    printf '%s: nothing was restarted\n' "$release_id" >&3
  fi
  finish 0
}

main "$@"

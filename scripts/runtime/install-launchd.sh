#!/bin/bash
set -euo pipefail

USAGE="Usage: scripts/runtime/install-launchd.sh [options]

Renders the property lists of the chosen services into the install directory. Loads nothing: launchd reads them when
the services are loaded. A copy that says the same already is left alone; what was there before is kept in
~/.config/baa-conductor/launchd. Without --service: conductor, codexd and status-api are installed.

  --service NAME                     conductor, codexd, status-api or worker-runner; repeatable
  --all-services                     all four
  --node NAME                        whose addresses are the defaults (default: mini)
  --scope agent|daemon               LaunchAgents of this user, or LaunchDaemons (default: agent)
  --repo-dir PATH                    the repository (default: the one this script is in)
  --code-dir PATH                    where the built code is (default: releases/current when there is one, else the
                                     repository)
  --home-dir PATH                    HOME of the services (default: yours)
  --install-dir PATH                 (default: <home>/Library/LaunchAgents or /Library/LaunchDaemons)
  --username NAME                    UserName of daemons (default: you)
  --shared-token VALUE               visible in ps: prefer one of the next two
  --shared-token-file PATH           file (0600) with the token (default: ~/.config/baa-conductor/shared-token.txt)
                                     or the variable BAA_SHARED_TOKEN
  --control-api-base URL             (default of these and all below: the node's)
  --local-api-base URL               where conductor listens
  --local-api-allowed-hosts CSV      hosts that conductor answers to
  --codexd-local-api-base URL        where codexd listens; loopback only
  --codexd-api-base URL              the same
  --codexd-event-stream-path PATH    path of codexd's event stream
  --codexd-server-command COMMAND    Codex (default: codex); the mode stays app-server
  --codexd-server-cwd PATH           working directory of Codex (default: the repository)
  --status-api-host HOST             where status-api listens
  --status-api-port PORT             its port (default: 4318)
  --dry-run                          show every key that would change, and the commands; touch nothing
  --json                             one JSON object
  --help                             this text

Exit: 0 fine, 1 failed, 64 usage, 69 something is missing (node, a build, a directory), 73 a file cannot be written,
75 another run is at work, 77 refused (root for agents, a folder that launchd may not read)."

# shellcheck source=scripts/runtime/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/runtime/lib/settings.sh
. "$lib_dir/settings.sh"

opt_shared_token=""
opt_shared_token_file=""
opt_dry_run=""
opt_json=""

# A value is put into the file that the plists name; a file is used where it is.
provide_token() {
  local value file fault
  value="${opt_shared_token:-${BAA_SHARED_TOKEN:-}}"
  file="${opt_shared_token_file:-$home_dir/.config/baa-conductor/shared-token.txt}"
  if [ -n "$opt_shared_token" ]; then
    log "$script_name: --shared-token is visible to every user in ps; prefer --shared-token-file or BAA_SHARED_TOKEN"
  fi
  if [ -n "$value" ] && [ -z "$opt_shared_token_file" ]; then
    if [ -n "$opt_dry_run" ]; then return; fi
    printf '%s' "$value" | node "$lib_dir/token.mjs" store "$file" >/dev/null
    return
  fi
  if [ -z "$opt_shared_token_file" ] && [ ! -e "$file" ]; then
    die 1 "A shared token is required. Use --shared-token, --shared-token-file, or BAA_SHARED_TOKEN."
  fi
  if ! fault="$(node "$lib_dir/token.mjs" check "$file" 2>&1)"; then die 1 "$fault"; fi
}

main() {
  begin "$@"
  collect_settings
  guard_place "$repo_dir"
  if [ -n "$opt_dry_run" ]; then
    settings+=(--dry-run)
  else
    take_lock "$home_dir/.config/baa-conductor/launchd.lock"
  fi
  if [ -n "$opt_json" ]; then settings+=(--json); fi
  local needy
  needy="$(node "$lib_dir/needs-token.mjs" ${chosen[@]+"${chosen[@]}"})"
  if [ -n "$needy" ]; then provide_token; fi
  node "$lib_dir/install.mjs" ${chosen[@]+"${chosen[@]}"} ${settings[@]+"${settings[@]}"}
  finish 0
}

main "$@"

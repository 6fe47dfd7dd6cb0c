# shellcheck shell=bash
# Sourced by every script here (bash 3.2), after `set -euo pipefail` and with USAGE set.

EXIT_USAGE=64
EXIT_MISSING=69
EXIT_LOCKED=75
EXIT_REFUSED=77

script_name="${0##*/}"
script_name="${script_name%.sh}"
lib_dir="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
# shellcheck disable=SC2034 # the scripts use it
default_repo_dir="$(cd "$lib_dir/../../.." && pwd -P)"
# A release has these scripts too; what they are about is the repository that it lies in.
if [ -f "$default_repo_dir/manifest.json" ]; then
  # shellcheck disable=SC2034 # the scripts use it
  default_repo_dir="$(cd "$default_repo_dir/../.." && pwd -P)"
fi

# Login shells have Homebrew on PATH, ssh and launchd have not.
PATH="$PATH:/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
export PATH
umask 077

log() { printf '%s\n' "$*" >&2; }

# die CODE MESSAGE...: what is wrong, and the next step.
die() {
  local code="$1"
  shift
  log "$script_name: $*"
  exit "$code"
}

# bash 3.2 ends with 0 after an unbound variable when there is an EXIT trap: only a completed run may.
completed=0
held_lock=""
leave_hook="" # a function that a script wants to be called on every way out, with the exit code
on_exit() {
  local code=$?
  if [ "$completed" != 1 ] && [ "$code" = 0 ]; then code=1; fi
  if [ -n "$leave_hook" ]; then "$leave_hook" "$code"; fi
  if [ -n "$held_lock" ]; then
    rm -rf -- "$held_lock"
    # Gone too when it was made for the lock alone.
    rmdir -- "$(dirname "$held_lock")" 2>/dev/null || true
  fi
  exit "$code"
}
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

finish() {
  completed=1
  exit "$1"
}

require_node() {
  command -v node >/dev/null 2>&1 || die "$EXIT_MISSING" "node is not on PATH; Node 20.19 or newer is needed"
}

# The usage text is what is parsed: `  --name` is a flag, `  --name WORD` (or `  -n WORD`) takes a value. Sets `kind`.
find_option() {
  local line
  kind=""
  while IFS= read -r line; do
    case "$line" in
      "  $1" | "  $1  "*) kind="flag" ;;
      "  $1 "*) kind="value" ;;
    esac
  done <<<"$USAGE"
}

usage_error() {
  log "$script_name: $*"
  log "Try $script_name.sh --help"
  exit "$EXIT_USAGE"
}

unknown_option() {
  local names
  names="$(printf '%s\n' "$USAGE" | sed -n -E 's/^  (--[a-z-]+).*/\1/p')"
  usage_error "unknown option: $1$(node "$lib_dir/suggest.mjs" "$1" "$names" || true)"
}

# Sets opt_<name> for every option given (`1` for flags) and collects `services`.
parse_options() {
  local word name value
  services=()
  while [ $# -gt 0 ]; do
    word="$1"
    shift
    case "$word" in
      --help | -h)
        printf '%s\n' "$USAGE"
        finish 0
        ;;
      --[a-z]* | -[a-z]) ;;
      *) usage_error "unexpected argument: $word" ;;
    esac
    name="${word%%=*}"
    find_option "$name"
    case "$kind:$word" in
      flag:*=*) usage_error "$name takes no value" ;;
      flag:*) value=1 ;;
      value:*=*) value="${word#*=}" ;;
      value:*)
        [ $# -gt 0 ] || usage_error "$name needs a value"
        value="$1"
        shift
        ;;
      *) unknown_option "$name" ;;
    esac
    if [ "$name" = --service ]; then
      services+=("$value")
    else
      name="${name#-}"
      name="${name#-}"
      printf -v "opt_${name//-/_}" '%s' "$value"
    fi
  done
}

# What every program of lib/ needs to know about the chosen services.
service_args() {
  local service
  chosen=()
  for service in ${services[@]+"${services[@]}"}; do chosen+=(--service "$service"); done
  if [ -n "${opt_all_services:-}" ]; then chosen+=(--all-services); fi
}

# Agents belong to the user who is logged in; as root they would go to a domain that does not exist.
guard_user() {
  local uid
  uid="$(id -u)"
  case "${opt_scope:-agent}" in
    agent) [ "$uid" != 0 ] || die "$EXIT_REFUSED" "agents are not for root: run this without sudo, or use --scope daemon" ;;
    daemon) ;;
    *) usage_error "--scope is agent or daemon" ;;
  esac
}

# begin "$@": what every script about services does first. Sets opt_<name>, `services` and `chosen`.
begin() {
  parse_options "$@"
  guard_user
  require_node
  service_args
}

# macOS keeps launchd's jobs out of these folders, without a word in any log.
guard_place() {
  case "$1/" in
    "$HOME"/Documents/* | "$HOME"/Desktop/* | "$HOME"/Downloads/* | /Volumes/*)
      die "$EXIT_REFUSED" "launchd's jobs may not read $1; put the repository elsewhere, e.g. $HOME/code/baa-conductor"
      ;;
  esac
}

# take_lock DIR: one change of the installation at a time. A lock whose holder is gone is taken over; one that the
# script holds which has called this one (install-mini, rollback) covers this one too.
take_lock() {
  local holder
  mkdir -p "$(dirname "$1")"
  if ! mkdir "$1" 2>/dev/null; then
    holder="$(cat "$1/pid" 2>/dev/null || true)"
    if [ "$holder" = "$PPID" ]; then return; fi
    if [ -n "$holder" ] && kill -0 "$holder" 2>/dev/null; then
      die "$EXIT_LOCKED" "another run is at work (pid $holder, $1); wait for it to end"
    fi
    rm -rf -- "$1"
    mkdir "$1" 2>/dev/null || die "$EXIT_LOCKED" "another run has just begun ($1)"
  fi
  held_lock="$1"
  echo "$$" >"$1/pid"
}

# shellcheck shell=bash
# What install-mini and rollback share: the services brought up with another release, or everything put back.

# shellcheck disable=SC2154 # common.sh, domain.sh and settings.sh set what it reads

# shellcheck source=scripts/runtime/lib/places.sh
. "$lib_dir/places.sh"

phase_name=""
phase_began=0
phases=()
state="" # "" nothing is changed yet, switched: link or plists are, loading: so may be the services
restarted=""
release_id=""

# phase NAME: what follows belongs to it. Everything for people goes to descriptor 3.
phase() {
  if [ -n "$phase_name" ]; then phases+=("$phase_name=$((SECONDS - phase_began))"); fi
  phase_name="$1"
  phase_began=$SECONDS
  if [ -n "$1" ]; then printf '== %s\n' "$1" >&3; fi
}

# open_output: descriptor 3 is standard output, or standard error beside a JSON object.
open_output() {
  if [ -n "${opt_json:-}" ]; then exec 3>&2; else exec 3>&1; fi
}

# Sets what find_places sets, and `target`: what every script that talks to launchd is given.
collect_target() {
  find_places
  target=(--home-dir "$home_dir" --install-dir "$install_dir" --scope "${opt_scope:-agent}")
  if [ -n "${opt_domain:-}" ]; then target+=(--domain "$opt_domain"); fi
  if [ -n "${opt_timeout:-}" ]; then target+=(--timeout "$opt_timeout"); fi
  drain=()
  if [ -n "${opt_no_drain:-}" ]; then drain+=(--no-drain); fi
  if [ -n "${opt_drain_timeout:-}" ]; then drain+=(--drain-timeout "$opt_drain_timeout"); fi
}

# script NAME OPTIONS...: with the bash that runs this one.
script() {
  local name="$1"
  shift
  "$BASH" "$lib_dir/../$name.sh" "$@"
}

# release VERB OPTIONS...
release() {
  local verb="$1"
  shift
  node "$lib_dir/release.mjs" "$verb" --repo-dir "$repo_dir" --home-dir "$home_dir" --install-dir "$install_dir" \
    ${opt_keep_releases:+--keep "$opt_keep_releases"} ${chosen[@]+"${chosen[@]}"} "$@"
}

# Prints what does not run as installed. Wrong numbers show here, before anything is done.
needs_restart() {
  node "$lib_dir/needs-restart.mjs" --domain "$domain" --install-dir "$install_dir" --keep-dir "$keep_dir" \
    --timeout "${opt_timeout:-20}" --drain-timeout "${opt_drain_timeout:-60}" \
    --keep "${opt_keep_releases:-5}" ${chosen[@]+"${chosen[@]}"}
}

# bring_up DRAIN_OPTIONS...: restarts what does not run what is installed, then waits until all serve.
bring_up() {
  local stale service call
  stale="$(needs_restart)" || return $?
  state=loading
  if [ -n "$stale" ]; then
    call=()
    while IFS= read -r service; do call+=(--service "$service"); done <<<"$stale"
    restarted="$restarted $(printf '%s' "$stale" | tr '\n' ' ')"
    script restart-launchd ${call[@]+"${call[@]}"} ${target[@]+"${target[@]}"} "$@" >&3 || return $?
  fi
  script reload-launchd ${chosen[@]+"${chosen[@]}"} ${target[@]+"${target[@]}"} >&3
}

# gate: everything serves with what is installed now, or what was before is put back and serves (exit 20; 21 when it
# does not). After a signal things stay as they are: every service is loaded, and the next run goes on from there.
gate() {
  local code=0
  bring_up ${drain[@]+"${drain[@]}"} || code=$?
  case "$code" in
    0) release served >/dev/null ;;
    129 | 130 | 143) die "$code" "interrupted; every service is loaded. Run it again: it goes on from here" ;;
    *) go_back "$code" ;;
  esac
}

# go_back CODE: CODE is what the failure deserves when there is nothing to go back to.
go_back() {
  local code=0 former
  phase "going back"
  if ! former="$(release restore)"; then die "$1" "not all services serve, and there is nothing to go back to"; fi
  log "$script_name: not all services serve; going back to $former"
  bring_up --no-drain || code=$?
  case "$code" in
    0) die 20 "went back to $former; all services serve again" ;;
    129 | 130 | 143) die "$code" "interrupted on the way back to $former; start-launchd.sh starts what does not run" ;;
    *) die 21 "went back to $former, and not all services serve; see status-launchd.sh" ;;
  esac
}

# The way out, whatever it is: an installation that has not touched a service yet leaves nothing changed behind.
leave() {
  if [ "$state" = switched ]; then
    if release restore >/dev/null 2>&1; then log "$script_name: release and plists are as they were before"; fi
  fi
  phase ""
  if [ -n "${opt_json:-}" ]; then
    node "$lib_dir/switch-report.mjs" "$1" "${opt_dry_run:-}" "$release_id" "$restarted" ${phases[@]+"${phases[@]}"}
  fi
}

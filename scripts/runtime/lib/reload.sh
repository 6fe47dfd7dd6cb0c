# shellcheck shell=bash
# What the scripts share that load and unload services.

# shellcheck source=scripts/runtime/lib/domain.sh
# shellcheck disable=SC2154 # common.sh sets it
. "$lib_dir/domain.sh"
# shellcheck source=scripts/runtime/lib/places.sh
. "$lib_dir/places.sh"

opt_timeout=""
opt_force=""
opt_skip_kickstart=""
opt_no_drain=""
opt_drain_timeout=""
opt_keep_enabled=""
opt_purge=""
opt_repo_dir=""
opt_dry_run=""
opt_json=""

# The options that were given, as arguments of the program.
given_args() {
  if [ -n "${opt_domain:-}" ]; then chosen+=(--only-domain); fi
  if [ -n "$opt_timeout" ]; then chosen+=(--timeout "$opt_timeout"); fi
  if [ -n "$opt_force" ]; then chosen+=(--force); fi
  if [ -n "$opt_skip_kickstart" ]; then chosen+=(--skip-kickstart); fi
  if [ -n "$opt_no_drain" ]; then chosen+=(--no-drain); fi
  if [ -n "$opt_drain_timeout" ]; then chosen+=(--drain-timeout "$opt_drain_timeout"); fi
  if [ -n "$opt_keep_enabled" ]; then chosen+=(--keep-enabled); fi
  if [ -n "$opt_purge" ]; then chosen+=(--purge); fi
  if [ -n "$opt_json" ]; then chosen+=(--json); fi
}

# change_main PROGRAM MODE "$@"
change_main() {
  local code=0 program="$1" mode="$2"
  shift 2
  begin "$@"
  # Who uninstalls means everything; anything else has the default set.
  if [ "$mode" = uninstall ] && [ ${#chosen[@]} = 0 ]; then chosen=(--all-services); fi
  choose_domain
  place_args
  chosen+=(--mode "$mode")
  if [ "$mode" = uninstall ]; then chosen+=(--repo-dir "${opt_repo_dir:-$default_repo_dir}"); fi
  given_args
  if [ -n "$opt_dry_run" ]; then
    chosen+=(--dry-run)
  else
    take_lock "$home_dir/.config/baa-conductor/launchd.lock"
  fi
  # Signals reach node too: it brings a half-done change to its end before it gives in.
  # shellcheck disable=SC2154 # common.sh sets it
  node "$lib_dir/$program" ${chosen[@]+"${chosen[@]}"} || code=$?
  finish "$code"
}

# reload_main MODE "$@"
reload_main() {
  change_main reload.mjs "$@"
}

# stop_main MODE "$@"
stop_main() {
  change_main stop.mjs "$@"
}

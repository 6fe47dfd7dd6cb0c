# shellcheck shell=bash
# What start-launchd and reload-launchd share.

opt_install_dir=""
opt_timeout=""
opt_home_dir=""
opt_force=""
opt_skip_kickstart=""
opt_dry_run=""
opt_json=""

# reload_main MODE "$@"
reload_main() {
  local code=0 mode="$1" keep_dir
  shift
  parse_options "$@"
  guard_user
  require_node
  service_args
  choose_domain
  opt_home_dir="${opt_home_dir:-$HOME}"
  if [ "${opt_scope:-agent}" = daemon ]; then
    opt_install_dir="${opt_install_dir:-/Library/LaunchDaemons}"
  fi
  keep_dir="$opt_home_dir/.config/baa-conductor/launchd"
  chosen+=(--mode "$mode" --domain "$domain" --keep-dir "$keep_dir")
  chosen+=(--install-dir "${opt_install_dir:-$opt_home_dir/Library/LaunchAgents}")
  if [ -n "$opt_timeout" ]; then chosen+=(--timeout "$opt_timeout"); fi
  if [ -n "$opt_force" ]; then chosen+=(--force); fi
  if [ -n "$opt_skip_kickstart" ]; then chosen+=(--skip-kickstart); fi
  if [ -n "$opt_json" ]; then chosen+=(--json); fi
  if [ -n "$opt_dry_run" ]; then
    chosen+=(--dry-run)
  else
    take_lock "$opt_home_dir/.config/baa-conductor/launchd.lock"
  fi
  # Signals reach node too: it brings a half-done change to its end before it gives in.
  # shellcheck disable=SC2154 # common.sh sets it
  node "$lib_dir/reload.mjs" ${chosen[@]+"${chosen[@]}"} || code=$?
  finish "$code"
}

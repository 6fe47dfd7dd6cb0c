# shellcheck shell=bash
# What check-launchd and check-node share: settings that are expected, launchd when it is to be asked, and the token.

# shellcheck source=scripts/runtime/lib/settings.sh
# shellcheck disable=SC2154 # common.sh sets it
. "$lib_dir/settings.sh"
# shellcheck source=scripts/runtime/lib/domain.sh
. "$lib_dir/domain.sh"

opt_shared_token=""
opt_check_loaded=""
opt_json=""

# run_check PROGRAM: with what `chosen` and `settings` say; ends as the program does. The token goes by standard input.
run_check() {
  local code=0
  pass_flag --json "$opt_json"
  pass_flag --expect-token "$opt_shared_token"
  if [ -n "$opt_check_loaded" ]; then
    choose_domain
    settings+=(--check-loaded --domain "$domain")
  fi
  # shellcheck disable=SC2154 # common.sh sets them
  printf '%s' "$opt_shared_token" |
    node "$lib_dir/$1" ${chosen[@]+"${chosen[@]}"} ${settings[@]+"${settings[@]}"} || code=$?
  finish "$code"
}

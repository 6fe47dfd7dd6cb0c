# shellcheck shell=bash
# Which launchd domain the services live in. Decided by asking, never by the version of macOS.

# shellcheck disable=SC2034 # the scripts use what it sets
# Sets `domain`. Without a GUI login there is no gui/<uid>; user/<uid> is there after any login.
choose_domain() {
  local uid candidate
  if [ -n "${opt_domain:-}" ]; then
    domain="$opt_domain"
    return
  fi
  if [ "${opt_scope:-agent}" = daemon ]; then
    domain=system
    return
  fi
  uid="$(id -u)"
  for candidate in "gui/$uid" "user/$uid"; do
    if launchctl print "$candidate" >/dev/null 2>&1; then
      domain="$candidate"
      return
    fi
  done
  die "$EXIT_REFUSED" "there is neither gui/$uid nor user/$uid: log in on the screen of this Mac, or use --scope daemon"
}

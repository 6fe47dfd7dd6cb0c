# shellcheck shell=bash
# Which launchd domain the services live in. Decided by asking, never by the version of macOS.

# shellcheck disable=SC2034 # the scripts use what it sets
# Sets `domain`; 1 when there is none. Without a GUI login there is no gui/<uid>; user/<uid> is there after any login.
find_domain() {
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
  return 1
}

# Sets `domain`, or ends.
choose_domain() {
  local uid
  if find_domain; then return; fi
  uid="$(id -u)"
  die "$EXIT_REFUSED" "there is neither gui/$uid nor user/$uid: log in on the screen of this Mac, or use --scope daemon"
}

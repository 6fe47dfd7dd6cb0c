#!/bin/bash
set -euo pipefail

USAGE="Usage: scripts/runtime/stop-launchd.sh [options]

Unloads the chosen services, wherever they are loaded, and waits until each is gone. They stay unloaded, after a
reboot too, until start-launchd.sh. Before that conductor is told to begin nothing new (a reason restart:<uuid> in its
control, which ends by itself after 15 minutes), and what is in progress may end; then the reason is taken back. A
conductor that does not answer is no hindrance. Without --service: conductor, codexd and status-api are stopped.

  --service NAME             conductor, codexd, status-api or worker-runner; repeatable
  --all-services             all four
  --scope agent|daemon       (default: agent)
  --home-dir PATH            only to find LaunchAgents (default: yours)
  --install-dir PATH         where the installed copies are
  --domain TARGET            only this launchd domain (default: gui/<uid> and user/<uid>)
  --no-drain                 do not wait for what is in progress; turns are interrupted
  --drain-timeout SECONDS    how long to wait for it; then it is interrupted (default: 60, at most 840)
  --keep-enabled             the next login or reboot starts them again
  --dry-run                  print the launchctl commands, run none
  --json                     one JSON object
  --help                     this text

Exit: 0 none is loaded any more, 1 one could not be unloaded, 64 usage, 69 node is missing, 75 another run is at work,
77 refused (root for agents, no session, called from inside a service), 129, 130, 143 ended by a signal."

# shellcheck source=scripts/runtime/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/runtime/lib/reload.sh
. "$lib_dir/reload.sh"

stop_main stop "$@"

#!/bin/bash
set -euo pipefail

USAGE="Usage: scripts/runtime/restart-launchd.sh [options]

Unloads the chosen services, loads the installed property lists, and waits until each serves. Before that conductor
is told to begin nothing new (a reason restart:<uuid> in its control, which ends by itself after 15 minutes), and what
is in progress may end; afterwards the reason is taken back. A conductor that does not answer is no hindrance. What
does not come up is started hard once more; then the copy that was last seen healthy is put back. Without --service:
conductor, codexd and status-api are restarted.

  --service NAME             conductor, codexd, status-api or worker-runner; repeatable
  --all-services             all four
  --scope agent|daemon       (default: agent)
  --home-dir PATH            only to find LaunchAgents (default: yours)
  --install-dir PATH         where the installed copies are
  --domain TARGET            launchd domain (default: the one that is there, gui/<uid> first)
  --no-drain                 do not wait for what is in progress; turns are interrupted
  --drain-timeout SECONDS    how long to wait for it; then it is interrupted (default: 60, at most 840)
  --skip-kickstart           no kickstart after bootstrap, and no second try
  --timeout SECONDS          how long a service may take to serve, besides its throttle interval (default: 20)
  --dry-run                  print the launchctl commands, run none
  --json                     one JSON object
  --help                     this text

Exit: 0 all serve, 1 failed, 2 one does not serve, 20 one was put back to its former copy and serves, 21 it was put
back and does not serve, 64 usage, 69 node is missing, 75 another run is at work, 77 refused (root for agents, no
session, called from inside a service), 129, 130, 143 ended by a signal."

# shellcheck source=scripts/runtime/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/runtime/lib/reload.sh
. "$lib_dir/reload.sh"

reload_main restart "$@"

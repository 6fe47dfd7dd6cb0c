#!/bin/bash
set -euo pipefail

USAGE="Usage: scripts/runtime/start-launchd.sh [options]

Loads and starts the chosen services where they are not, and waits until each serves. One that runs is left alone,
whatever its plist says meanwhile (see reload-launchd.sh). A service that was disabled is enabled. Without --service:
conductor, codexd and status-api are started.

  --service NAME          conductor, codexd, status-api or worker-runner; repeatable
  --all-services          all four
  --scope agent|daemon    (default: agent)
  --home-dir PATH         only to find LaunchAgents (default: yours)
  --install-dir PATH      where the installed copies are
  --domain TARGET         launchd domain (default: the one that is there, gui/<uid> first)
  --timeout SECONDS       how long a service may take to serve, besides its throttle interval (default: 20)
  --dry-run               print the launchctl commands, run none
  --json                  one JSON object
  --help                  this text

Exit: 0 all serve, 1 failed, 2 one does not serve, 20 one was put back to its former copy and serves, 21 it was put
back and does not serve, 64 usage, 69 node is missing, 75 another run is at work, 77 refused (root for agents, no
session, called from inside a service), 129, 130, 143 ended by a signal."

# shellcheck source=scripts/runtime/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/runtime/lib/reload.sh
. "$lib_dir/reload.sh"

reload_main start "$@"

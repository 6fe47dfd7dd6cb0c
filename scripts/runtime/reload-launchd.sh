#!/bin/bash
set -euo pipefail

USAGE="Usage: scripts/runtime/reload-launchd.sh [options]

Loads the installed property lists of the chosen services anew, and waits until each serves. One that is loaded as
installed and runs is left alone. What does not come up is started hard once more; then the copy that was last seen
healthy is put back. Without --service: conductor, codexd and status-api are reloaded.

  --service NAME          conductor, codexd, status-api or worker-runner; repeatable
  --all-services          all four
  --scope agent|daemon    (default: agent)
  --home-dir PATH         only to find LaunchAgents (default: yours)
  --install-dir PATH      where the installed copies are
  --domain TARGET         launchd domain (default: the one that is there, gui/<uid> first)
  --force                 also what is loaded as installed
  --skip-kickstart        no kickstart after bootstrap, and no second try
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

reload_main reload "$@"

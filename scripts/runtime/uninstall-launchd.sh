#!/bin/bash
set -euo pipefail

USAGE="Usage: scripts/runtime/uninstall-launchd.sh [options]

Unloads the chosen services, wherever they are loaded, and removes what install-launchd.sh wrote: their property
lists, the kept copies, the disabled override, and with the last one runtime.json. Data, logs, settings and tokens are
kept, unless --purge is given. Before that conductor is told to begin nothing new, as stop-launchd.sh does.
Without --service: conductor, codexd and status-api are uninstalled, and worker-runner too.

  --service NAME             conductor, codexd, status-api or worker-runner; repeatable
  --all-services             all four
  --scope agent|daemon       (default: agent)
  --home-dir PATH            only to find LaunchAgents and ~/.config/baa-conductor (default: yours)
  --install-dir PATH         where the installed copies are
  --domain TARGET            only this launchd domain (default: gui/<uid> and user/<uid>)
  --purge                    also everything the services wrote (state, logs, runs, worktrees, tmp, releases in the
                             repository) and ~/.config/baa-conductor with tokens and policy
  --repo-dir PATH            the repository, for --purge (default: the one this script is in)
  --no-drain                 do not wait for what is in progress; turns are interrupted
  --drain-timeout SECONDS    how long to wait for it; then it is interrupted (default: 60, at most 840)
  --dry-run                  print the commands, run none
  --json                     one JSON object
  --help                     this text

Exit: 0 nothing of them is loaded or installed any more, 1 one could not be unloaded (its plist is kept), 64 usage,
69 node is missing, 75 another run is at work, 77 refused (root for agents, no session, called from inside a service),
129, 130, 143 ended by a signal."

# shellcheck source=scripts/runtime/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/runtime/lib/reload.sh
. "$lib_dir/reload.sh"

stop_main uninstall "$@"

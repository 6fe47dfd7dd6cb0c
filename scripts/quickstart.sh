#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'TXT'
Usage: scripts/quickstart.sh [--once] [--prompt TEXT] [--provider codex|loopback]
       scripts/quickstart.sh --stop

Installs and builds (both skipped when nothing changed), starts codexd, conductor and status-api on loopback under
the scratch runtime root tmp/quickstart with a token of their own, runs one turn on the real Codex app-server through
conductor, streams the answer, and stays up until Ctrl-C: then the status page is there too. Ports are 4319, 4317 and
4318, or free ones where those are taken.

  --once             stop everything after the turn; exit 0 when it completed, else 1
  --prompt TEXT      what to ask (default: a short greeting)
  --provider NAME    codex: the Codex login (CODEX_HOME or ~/.codex) or OPENAI_API_KEY of this environment;
                     loopback: our own scripted model server, no account and no network
                     (default: codex when there is a login or key, else loopback)
  --stop             stop a quickstart that is still running
  --help             this text

BAA_CODEXD_SERVER_COMMAND picks another codex than the one npm installed here.
TXT
}

# Wrong options are refused before anything is installed; quickstart.mjs reads them for good.
stop=""
check_options() {
  while [ $# -gt 0 ]; do
    case "$1" in
      --help | -h)
        usage
        exit 0
        ;;
      --stop) stop=yes ;;
      --once | --prompt=* | --provider=codex | --provider=loopback) ;;
      --prompt) shift ;;
      --provider)
        case "${2:-}" in
          codex | loopback) shift ;;
          *) refuse "--provider is codex or loopback" ;;
        esac
        ;;
      *) refuse "unknown option: $1" ;;
    esac
    [ $# -gt 0 ] || refuse "--prompt needs a text"
    shift
  done
}

refuse() {
  echo "quickstart: $1" >&2
  usage >&2
  exit 64
}

check_options "$@"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/dev/common.sh
. scripts/dev/common.sh

require_tools
if [ -n "$stop" ]; then
  exec node scripts/dev/quickstart.mjs --stop
fi
if ! node scripts/dev/stamp.mjs fresh install; then
  echo "installing ..."
  install_packages
fi
if ! node scripts/dev/stamp.mjs fresh build; then
  echo "building ..."
  build_apps
fi
exec node scripts/dev/quickstart.mjs "$@"

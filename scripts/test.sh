#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'TXT'
Usage: scripts/test.sh

Installs what the lockfile says, builds every app, then runs all gates (pnpm check) and all test lanes:
unit and system tests on this machine's Node, unit tests and a smoke test on Node 24 (Linux x64),
browser tests in Firefox and Chromium without a window.
The last line is `N passed, N failed, N skipped`. Exit 1 on any failure.

A lane whose tool is missing (shellcheck, shfmt, Node 24, a browser) says `lane not run: ...` and does not fail,
unless BAA_TEST_REQUIRE=all is set.
TXT
}

case "${1:-}" in
  --help | -h)
    usage
    exit 0
    ;;
  "") ;;
  *)
    echo "unknown option: $1" >&2
    usage >&2
    exit 64
    ;;
esac

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/dev/common.sh
. scripts/dev/common.sh

require_tools
install_packages
build_apps
exec node scripts/dev/test-lanes.mjs

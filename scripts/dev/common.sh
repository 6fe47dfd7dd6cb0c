# Sourced by scripts/*.sh (bash 3.2): what both need before anything else runs.
# shellcheck shell=bash

PNPM_VERSION=10.34.9

# Ends the script unless Node is 20.19 or newer, with npx and git beside it.
require_tools() {
  local tool
  for tool in node npx git; do
    if ! command -v "$tool" >/dev/null 2>&1; then
      echo "$tool is needed and was not found on PATH (Node >= 20.19 brings node and npx)." >&2
      exit 1
    fi
  done
  if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
    echo "Node 20.19 or newer is needed; this is $(node -v)." >&2
    exit 1
  fi
}

# Exactly what the lockfile says; the pinned pnpm comes through npx, nothing is installed globally.
install_packages() {
  npx --yes "pnpm@$PNPM_VERSION" install --frozen-lockfile
  node scripts/dev/stamp.mjs write install
}

# One bundled file per app.
build_apps() {
  npx --yes pnpm -r build
  node scripts/dev/stamp.mjs write build
}

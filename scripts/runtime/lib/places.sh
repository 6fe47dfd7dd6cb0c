# shellcheck shell=bash
# Where an installation is: its domain, home and directories, for the programs that look at what is installed.

opt_home_dir=""
opt_install_dir=""

# Adds them to `chosen`. After choose_domain.
place_args() {
  opt_home_dir="${opt_home_dir:-$HOME}"
  if [ "${opt_scope:-agent}" = daemon ]; then
    opt_install_dir="${opt_install_dir:-/Library/LaunchDaemons}"
  fi
  # shellcheck disable=SC2154 # domain.sh sets it
  chosen+=(--domain "$domain" --home-dir "$opt_home_dir")
  chosen+=(--keep-dir "$opt_home_dir/.config/baa-conductor/launchd")
  chosen+=(--install-dir "${opt_install_dir:-$opt_home_dir/Library/LaunchAgents}")
}

# shellcheck shell=bash
# Where an installation is: its domain, home and directories, for the programs that look at what is installed.

opt_scope=""
opt_home_dir=""
opt_install_dir=""

# Sets `home_dir`, `install_dir` and `keep_dir`.
find_places() {
  home_dir="${opt_home_dir:-$HOME}"
  keep_dir="$home_dir/.config/baa-conductor/launchd"
  install_dir="$home_dir/Library/LaunchAgents"
  if [ "${opt_scope:-agent}" = daemon ]; then install_dir=/Library/LaunchDaemons; fi
  install_dir="${opt_install_dir:-$install_dir}"
}

# Adds them to `chosen`. After choose_domain.
place_args() {
  find_places
  # shellcheck disable=SC2154 # domain.sh sets it
  chosen+=(--domain "$domain" --home-dir "$home_dir" --keep-dir "$keep_dir" --install-dir "$install_dir")
}

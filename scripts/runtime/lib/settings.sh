# shellcheck shell=bash
# The options that install-launchd, install-mini and the checks share, as arguments of the renderer.

# Given, else the variable of the same name, else nothing: the node's profile has the rest.
pass() {
  if [ -n "$2" ]; then settings+=("$1" "$2"); fi
}

# pass_flag NAME VALUE: the flag, when it was given.
pass_flag() {
  if [ -n "$2" ]; then settings+=("$1"); fi
}

# Sets `settings`, and `home_dir`, `repo_dir`.
collect_settings() {
  home_dir="${opt_home_dir:-$HOME}"
  repo_dir="${opt_repo_dir:-$default_repo_dir}"
  settings=(--home-dir "$home_dir" --repo-dir "$repo_dir")
  pass --node "${opt_node:-}"
  pass --scope "${opt_scope:-}"
  pass --code-dir "${opt_code_dir:-}"
  pass --install-dir "${opt_install_dir:-}"
  pass --username "${opt_username:-}"
  pass --control-api-base "${opt_control_api_base:-}"
  pass --local-api-base "${opt_local_api_base:-}"
  pass --local-api-allowed-hosts "${opt_local_api_allowed_hosts:-${BAA_CONDUCTOR_LOCAL_API_ALLOWED_HOSTS:-}}"
  pass --codexd-local-api-base \
    "${opt_codexd_local_api_base:-${opt_codexd_api_base:-${BAA_CODEXD_LOCAL_API_BASE:-}}}"
  pass --codexd-event-stream-path "${opt_codexd_event_stream_path:-${BAA_CODEXD_EVENT_STREAM_PATH:-}}"
  pass --codexd-server-command "${opt_codexd_server_command:-${BAA_CODEXD_SERVER_COMMAND:-}}"
  pass --codexd-server-cwd "${opt_codexd_server_cwd:-${BAA_CODEXD_SERVER_CWD:-}}"
  pass --status-api-host "${opt_status_api_host:-${BAA_STATUS_API_HOST:-}}"
  pass --status-api-port "${opt_status_api_port:-${BAA_STATUS_API_PORT:-}}"
  pass --shared-token-file "${opt_shared_token_file:-}"
}

// The usual reason behind a failed check of check-node.sh, and the next thing to do. docs/runtime/node-verification.md
// has the long form.

const OF_ALL = {
  loaded: "start-launchd.sh loads it; after a login over ssh alone there is user/<uid> only, see --domain",
  process: "it does not run, or from another place: status-launchd.sh says what launchd has of it",
  logs: "launchd makes them when it starts the service; with other names in the plist: check-launchd.sh",
};

const OF_SERVICE = {
  conductor: {
    port: "not started, or its address is not there yet (is Tailscale up?): see the end of its log in logs/launchd",
    "/healthz": "something else may hold its port: lsof -nP -iTCP:<port> -sTCP:LISTEN shows what",
    "/readyz": "its answer says what is missing; mostly codexd, or storage that cannot be written",
    "/rolez": "another conductor leads (state/conductor/lock.holder names it), or it was started with --role standby",
  },
  codexd: {
    port: "not started, or BAA_CODEXD_LOCAL_API_BASE in its plist is another address",
    "/healthz": "something else may hold its port: lsof -nP -iTCP:<port> -sTCP:LISTEN shows what",
    "/v1/codexd/status": "something else answers there, or BAA_CODEXD_MODE in its plist is not app-server",
  },
  "status-api": {
    port: "not started, or BAA_STATUS_API_HOST in its plist is another address",
    "/v1/status": "401: it reads another token than this check, compare BAA_SHARED_TOKEN_FILE in its plist",
  },
};

/** The check with its hint when it failed and there is one. */
export const withHint = (service, check) => {
  const hint = OF_SERVICE[service]?.[check.check] ?? OF_ALL[check.check];
  return check.ok || hint === undefined ? check : { ...check, hint };
};

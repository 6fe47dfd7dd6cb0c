import * as z from "zod";

/** Whose fault it is; decides the log level of an error. */
export type Fault = "caller" | "operator" | "peer" | "us";

export interface ProblemDef {
  readonly status: number;
  readonly fault: Fault;
  /** One sentence: what happened. */
  readonly title: string;
  /** One sentence: what to do next. */
  readonly next: string;
}

const def = (status: number, fault: Fault, title: string, next: string): ProblemDef => ({
  status,
  fault,
  title,
  next,
});

/**
 * Every error code that can leave a process, with its HTTP status.
 * docs/reference/errors.md is generated from this table and checked both ways.
 */
export const PROBLEMS = {
  bad_request: def(400, "caller", "The request is malformed.", "Correct what `detail` names and send it again."),
  bad_cursor: def(
    400,
    "caller",
    "The cursor cannot be read.",
    "Use `<seq>` or `<logId>:<seq>` as an event frame gave it.",
  ),
  bad_host: def(
    400,
    "caller",
    "The request needs exactly one Host header and an origin-form target.",
    "Send one Host header and a path.",
  ),
  unauthorized: def(
    401,
    "caller",
    "The credential is missing or not known.",
    "Send `Authorization: Bearer <token>`; for codexd the token is in `<state dir>/token`.",
  ),
  forbidden_origin: def(
    403,
    "caller",
    "Requests that come from a web page are refused.",
    "Call from a program, not from a page; send no Origin, Referer or Sec-Fetch-Site.",
  ),
  forbidden_scope: def(
    403,
    "caller",
    "The credential does not carry the scope this needs.",
    "Use a token with the scope that `detail` names.",
  ),
  policy_denied: def(
    403,
    "operator",
    "The operator's policy does not allow this.",
    "Change the named key in ~/.config/baa-conductor/policy.json, or ask for less.",
  ),
  not_found: def(404, "caller", "There is nothing at this address.", "Check the path and the id."),
  session_not_found: def(404, "caller", "No session has this id.", "List the sessions, or create one."),
  turn_not_found: def(404, "caller", "No turn of this session has this id.", "List the turns of the session."),
  run_not_found: def(404, "caller", "No run has this id.", "List the runs."),
  file_not_found: def(404, "caller", "No file of this session has this id.", "List the session's files, or upload it."),
  approval_not_found: def(404, "caller", "No approval has this id.", "List the approvals."),
  hook_not_found: def(
    404,
    "caller",
    "No hook has this id.",
    "List the hooks; they stand in the operator's hooks.json.",
  ),
  delivery_not_found: def(404, "caller", "No delivery of this hook has this id.", "List the deliveries of the hook."),
  hook_disabled: def(
    409,
    "operator",
    "The hook is switched off.",
    "Set `enabled` in the operator's hooks.json, and ask again.",
  ),
  reasons_full: def(
    409,
    "caller",
    "As many reasons as allowed hold this conductor.",
    "Take one back with /v1/control/resume; /v1/control lists them.",
  ),
  firefox_client_not_found: def(
    404,
    "caller",
    "No paired browser has this id.",
    "List them at /v1/firefox/clients, or pair one with `baa firefox pair`.",
  ),
  firefox_command_not_found: def(404, "caller", "No command has this id.", "List them at /v1/firefox/commands."),
  firefox_pairing_not_found: def(404, "caller", "No open pairing has this id.", "List them at /v1/firefox/pairings."),
  client_ambiguous: def(
    409,
    "caller",
    "More than one browser could be meant.",
    "Name one with `clientId`; /v1/firefox/clients lists them.",
  ),
  firefox_not_connected: def(
    409,
    "operator",
    "The browser is not connected.",
    "Start Firefox, or leave `ifConnected` out to wait for it.",
  ),
  no_result: def(409, "caller", "The command has no result.", "Read the command: its state and error say why."),
  site_not_allowed: def(
    403,
    "operator",
    "The operator has not allowed this site for this browser.",
    "Allow it in the extension's popup, or with `baa firefox sites allow <site>`.",
  ),
  firefox_full: def(
    429,
    "caller",
    "As many commands as allowed wait for this browser.",
    "Wait for one to end, or cancel one.",
  ),
  pairings_full: def(
    429,
    "caller",
    "As many pairings as allowed are open.",
    "Use one, or close one: `baa firefox pairings`.",
  ),
  method_not_allowed: def(405, "caller", "This address does not take this method.", "See /openapi.json."),
  turn_active: def(
    409,
    "caller",
    "The session already has a turn in progress.",
    "Wait for it, steer it, or interrupt it.",
  ),
  session_empty: def(409, "caller", "Codex has stored nothing of this session yet.", "Run a turn in it first."),
  turns_active: def(
    409,
    "caller",
    "Turns are in progress, and this would end them.",
    "Wait for them, interrupt them, or send `force: true`.",
  ),
  child_not_ours: def(
    409,
    "caller",
    "The app-server was not started by codexd.",
    "Restart it where it was started; codexd connects again by itself.",
  ),
  turn_ended: def(409, "caller", "The turn has ended.", "Start a new turn."),
  turn_not_steerable: def(409, "caller", "The turn cannot be steered now.", "Wait until it is running."),
  session_archived: def(409, "caller", "The session is archived.", "Resume it first."),
  thread_adopted: def(409, "caller", "Another session already holds this thread.", "Use that session."),
  approval_resolved: def(409, "caller", "The approval has already been resolved.", "Read it to see the decision."),
  idempotency_in_progress: def(
    409,
    "caller",
    "A request with this Idempotency-Key is still being handled.",
    "Wait a moment and send it again with the same key.",
  ),
  payload_too_large: def(
    413,
    "caller",
    "The body is larger than this address takes.",
    "Send less; limits are in docs/reference.",
  ),
  unsupported_media_type: def(
    415,
    "caller",
    "Bodies must be application/json.",
    "Send `Content-Type: application/json`.",
  ),
  host_not_allowed: def(
    421,
    "operator",
    "This Host is not served here.",
    "Use the address that the service printed at its start.",
  ),
  invalid: def(422, "caller", "The request does not fit the schema.", "Correct what `errors` names."),
  idempotency_key_reused: def(
    422,
    "caller",
    "This Idempotency-Key was used with another body.",
    "Use a new key for a new request.",
  ),
  rate_limited: def(
    429,
    "caller",
    "Too many failed credentials from this address.",
    "Wait a minute; a valid token still passes.",
  ),
  queue_full: def(
    429,
    "caller",
    "As many turns as allowed wait in this session.",
    "Wait for one to end, or cancel one that waits with its interrupt route.",
  ),
  files_full: def(409, "caller", "As many files as allowed are kept with this session.", "Use another session."),
  turns_full: def(
    429,
    "caller",
    "As many turns as allowed are in progress.",
    "Wait for one to end, or raise BAA_CODEXD_TURNS_MAX.",
  ),
  too_many_connections: def(429, "caller", "Too many event streams are open.", "Close one."),
  internal: def(500, "us", "Something went wrong in the service.", "See its log at the time of this request id."),
  not_implemented: def(501, "us", "This is not built yet.", "See the documentation for what is."),
  child_unavailable: def(
    503,
    "peer",
    "The Codex child is not ready.",
    "Try again after Retry-After seconds; /readyz says why.",
  ),
  child_timeout: def(
    504,
    "peer",
    "The Codex child did not answer in time.",
    "Try again; /readyz says whether it is healthy.",
  ),
  degraded: def(
    503,
    "operator",
    "Stored data is damaged, so writes are refused.",
    "See /readyz for the file, the fault and the command that helps.",
  ),
  stopping: def(503, "operator", "The service is stopping.", "Try again in a moment."),
  codexd_down: def(
    503,
    "peer",
    "The daemon codexd does not answer.",
    "Try again after Retry-After seconds with the same Idempotency-Key; /v1/runtime says since when and why.",
  ),
  codexd_timeout: def(
    504,
    "peer",
    "The daemon codexd did not answer in time.",
    "Try again with the same Idempotency-Key; /v1/runtime says whether it is up.",
  ),
  codexd_refused: def(
    502,
    "operator",
    "The credential that conductor has for codexd is not accepted.",
    "Check that BAA_CODEXD_STATE_DIR of conductor is the state directory of the codexd that serves.",
  ),
  conductor_down: def(
    503,
    "peer",
    "The daemon conductor does not answer, and it has not said this before.",
    "Start it, or look at its log; /v1/status says since when and why.",
  ),
  conductor_timeout: def(
    504,
    "peer",
    "The daemon conductor did not answer in time.",
    "Try again; /v1/status says whether it is up.",
  ),
  conductor_refused: def(
    502,
    "operator",
    "The token that status-api has for conductor is missing or not accepted.",
    "Check that BAA_STATE_DIR of status-api is the state directory of the conductor that leads.",
  ),
  draining: def(
    503,
    "operator",
    "The service is draining, so nothing new is begun.",
    "Wait, or see /v1/control for the reasons and take them back with /v1/control/resume.",
  ),
  not_leader: def(
    503,
    "operator",
    "This conductor is on standby.",
    "Ask the one that leads; this one takes over when it is gone.",
  ),
  child_error: def(502, "peer", "The Codex child refused the request.", "See `detail` for its own words."),
  storage_full: def(
    507,
    "operator",
    "The disk is full; nothing was recorded.",
    "Free some space; the service goes on by itself.",
  ),
} as const satisfies Record<string, ProblemDef>;

export type ProblemCode = keyof typeof PROBLEMS;

/** RFC 9457 body of every error. `code` is stable; `title` and `detail` are for people. */
export const Problem = z.lazy(() =>
  z.looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string().optional(),
    next: z.string().optional(),
    requestId: z.string().optional(),
    errors: z.array(z.looseObject({ path: z.string(), message: z.string() })).optional(),
  }),
);
export type Problem = z.infer<typeof Problem>;

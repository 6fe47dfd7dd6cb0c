/** Whether a request's Accept asks for server-sent events. */
export const acceptsSse = (accept: string | undefined): boolean =>
  (accept ?? "").split(",").some((range) => range.split(";")[0]?.trim().toLowerCase() === "text/event-stream");

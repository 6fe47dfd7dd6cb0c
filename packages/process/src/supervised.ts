/** Whether a service manager will start this process again: then a failed start pauses, so that it does not spin. */
export const isSupervisedBy = (env: Readonly<Record<string, string | undefined>>): boolean =>
  (env["XPC_SERVICE_NAME"] ?? "0") !== "0" || env["INVOCATION_ID"] !== undefined;

import type { ConnectionHandlers } from "../rpc/rpc-connection.ts";
import type { LinkHandlers } from "./app-server-link.ts";

/** A link's handlers for the connection of one generation. */
export const connectionHandlers = (handlers: LinkHandlers, generation: number): ConnectionHandlers => ({
  onNotification: (notification) => handlers.onNotification(notification, generation),
  onRequest: (request) => handlers.onRequest(request, generation),
  onUnparsable: (line) => handlers.onUnparsable(line, generation),
  onBatchEnd: () => handlers.onBatchEnd?.(generation),
});

/** WebSocket close codes of ours, one table for every server and client. */
export const WS_CLOSE = {
  goingAway: 1001,
  auth: 4401,
  forbidden: 4403,
  handshake: 4408,
  superseded: 4409,
  revoked: 4410,
  version: 4426,
  slow: 4429,
} as const;

export type WsCloseCode = (typeof WS_CLOSE)[keyof typeof WS_CLOSE];

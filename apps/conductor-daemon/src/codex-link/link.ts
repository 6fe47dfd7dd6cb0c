import { ServiceLink } from "@baa/client";
import type { Logger } from "@baa/process";

/** Whether codexd is there. */
export type CodexdLink = ServiceLink;

/** A link that logs its changes. */
export const createCodexdLink = (o: { baseUrl: string; logger: Logger; now: () => string }): CodexdLink => {
  const link = new ServiceLink(o);
  link.onChange((state) => o.logger.info({ event: `codexd.${state.kind}`, ...state }, `codexd is ${state.kind}`));
  return link;
};

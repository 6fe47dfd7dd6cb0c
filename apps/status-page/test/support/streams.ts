import type { Visibility } from "../../src/state/visibility.ts";

const encoder = new TextEncoder();

/** A body that gives these pieces, one a read, and then ends; `open` = it does not end. */
export const bodyOf = (
  pieces: readonly (string | Uint8Array)[],
  o: { open?: boolean } = {},
): ReadableStream<Uint8Array> => {
  const rest = [...pieces];
  return new ReadableStream({
    pull: (controller) => {
      const piece = rest.shift();
      if (piece !== undefined) controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
      else if (o.open) return new Promise(() => {});
      else controller.close();
      return undefined;
    },
  });
};

/** A frame as the service writes it. */
export const frameText = (id: string, type: string, data: object): string =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;

/** A page that can always be seen. */
export const ALWAYS_SEEN: Visibility = {
  whenVisible: () => Promise.resolve(),
  untilHidden: () => new AbortController().signal,
};

/** Width and height that a PNG says it has. @throws when it is none. */
export const pngSize = (bytes: Buffer): { width: number; height: number } => {
  if (bytes.subarray(1, 4).toString("latin1") !== "PNG") throw new Error("no PNG");
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
};

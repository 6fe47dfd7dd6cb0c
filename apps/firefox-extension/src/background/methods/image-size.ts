/** Pixels of a PNG or JPEG, read from its head; undefined for anything else. `data`: base64. */
export const imageSize = (data: string): { width: number; height: number } | undefined =>
  data.startsWith("iVBORw0KGgo") ? pngSize(bytesOf(data, 24)) : jpegSize(data);

/** Signature, length and name of the first chunk, then its width and height. */
const pngSize = (bytes: Uint8Array): { width: number; height: number } | undefined => {
  if (bytes.length < 24) return undefined;
  const view = new DataView(bytes.buffer);
  return { width: view.getUint32(16), height: view.getUint32(20) };
};

/** Frame headers, but for DHT (c4), JPG (c8) and DAC (cc). */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
/** The frame header comes after tables and, at most, a colour profile. */
const JPEG_HEAD_BYTES = 256 * 1024;

const jpegSize = (data: string): { width: number; height: number } | undefined => {
  const bytes = bytesOf(data, JPEG_HEAD_BYTES);
  const view = new DataView(bytes.buffer);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return undefined;
  let at = 2;
  while (at + 9 <= bytes.length && view.getUint8(at) === 0xff) {
    if (isFrame(view.getUint8(at + 1))) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
};

const bytesOf = (base64: string, count: number): Uint8Array<ArrayBuffer> => {
  const head = base64.slice(0, Math.ceil(count / 3) * 4);
  return Uint8Array.from(atob(head), (char) => char.charCodeAt(0));
};

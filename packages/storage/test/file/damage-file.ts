import fs from "node:fs";

// In place, never by writing the file anew: some file systems flush a file that is truncated and written again, which
// makes four thousand of them take half a minute on a busy disk.

/** Cuts `file` shorter and shorter, to nothing; `visit` gets each length. */
export function cutAtEachByte(file: string, visit: (length: number) => void): void {
  const fd = fs.openSync(file, "r+");
  for (let length = fs.fstatSync(fd).size - 1; length >= 0; length -= 1) {
    fs.ftruncateSync(fd, length);
    visit(length);
  }
  fs.closeSync(fd);
}

/** Changes one byte after the other by XOR with each of `masks`; each is as it was when the next one is changed. */
export function flipEachByte(file: string, masks: (offset: number) => number[], visit: (offset: number) => void): void {
  const whole = fs.readFileSync(file);
  const fd = fs.openSync(file, "r+");
  for (const [offset, byte] of whole.entries()) {
    for (const mask of masks(offset)) {
      fs.writeSync(fd, Buffer.of(byte ^ mask), 0, 1, offset);
      visit(offset);
    }
    fs.writeSync(fd, Buffer.of(byte), 0, 1, offset);
  }
  fs.closeSync(fd);
}

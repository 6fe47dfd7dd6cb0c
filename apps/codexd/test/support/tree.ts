import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";

/** Every file below a directory with the digest of its content. */
export function digestTree(dir: string): Record<string, string> {
  const files = fs
    .readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((name) => fs.statSync(path.join(dir, name)).isFile());
  return Object.fromEntries(
    files.map((name) => [
      name,
      crypto
        .createHash("sha256")
        .update(fs.readFileSync(path.join(dir, name)))
        .digest("hex"),
    ]),
  );
}

/** Changes one byte of a file. */
export function flipByte(file: string, at: number): void {
  const bytes = fs.readFileSync(file);
  bytes[at] = (bytes[at] as number) ^ 0x01;
  fs.writeFileSync(file, bytes);
}

import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { StaticFile } from "@baa/http";

/** The page may load, style and ask only what is served here. Nothing may frame it, and it sends no form. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

const NOT_BUILT = `The status page is not built. Build it with: pnpm --filter @baa/status-page --filter @baa/status-api build
The figures are at /v1/status all the same.
`;

/** The built page: beside the bundle, also when the app is run from its source. */
export const pageDir = (from: string): string | undefined =>
  ["./page/", "../dist/page/"]
    .map((candidate) => fileURLToPath(new URL(candidate, from)))
    .find((dir) => fs.existsSync(path.join(dir, "index.html")));

/** Every file of the page as it will be served, read once; without a page `/` says so. */
export const readPageFiles = (dir: string | undefined): StaticFile[] => {
  if (dir === undefined) return [staticFile("/", Buffer.from(NOT_BUILT), "text/plain; charset=utf-8")];
  const files = filesBelow(dir).map((name) => {
    const body = fs.readFileSync(path.join(dir, name));
    return staticFile(`/${name.split(path.sep).join("/")}`, body, typeOf(name));
  });
  return files.flatMap((file) => (file.path === "/index.html" ? [file, { ...file, path: "/" }] : [file]));
};

const filesBelow = (dir: string): string[] =>
  fs
    .readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)))
    .sort();

const typeOf = (name: string): string => TYPES[path.extname(name)] ?? "application/octet-stream";

const staticFile = (at: string, body: Buffer, type: string): StaticFile => ({
  path: at,
  body,
  headers: { "content-type": type, "content-security-policy": CONTENT_SECURITY_POLICY },
  etag: `"${crypto.createHash("sha256").update(body).digest("base64url").slice(0, 27)}"`,
});

import path from "node:path";
import { FileReply, type UploadedFile } from "@baa/contracts";
import { expect } from "vitest";
import { pathOf } from "./session-requests.ts";
import type { System } from "./system.ts";

/** Uploads a file for a session; fails the test unless it is 201. */
export const upload = async (
  of: System,
  sessionId: string,
  file: { name: string; mediaType?: string; bytes: Buffer },
) => {
  const { bytes, ...rest } = file;
  const reply = await of.ledger.post(pathOf(sessionId, "files"), { ...rest, data: bytes.toString("base64") });
  expect([reply.status, reply.text]).toEqual([201, expect.any(String)]);
  return FileReply.parse(reply.json).file;
};

/** Where an uploaded file lies. */
export const placeOf = (of: System, file: UploadedFile): string =>
  path.join(of.codexd.layout.tmpDir, "uploads", file.sessionId, file.id, file.name);

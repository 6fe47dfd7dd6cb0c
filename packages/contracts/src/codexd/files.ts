import * as z from "zod";
import { FileId, SessionId, Timestamp } from "../ids.ts";

/** Bytes of one uploaded file. */
export const UPLOAD_BYTES_MAX = 8 * 1024 * 1024;
/** Bytes of the request that carries it: base64 takes four bytes for three. */
export const UPLOAD_BODY_BYTES_MAX = Math.ceil(UPLOAD_BYTES_MAX / 3) * 4 + 4096;
/** Files kept with one session. */
export const FILES_PER_SESSION_MAX = 64;

/** A file kept with a session; it goes with it. `sha256` in hex. */
export const UploadedFile = z.lazy(() =>
  z.looseObject({
    id: FileId,
    sessionId: SessionId,
    name: z.string(),
    mediaType: z.string(),
    bytes: z.number().int(),
    sha256: z.string(),
    createdAt: Timestamp,
  }),
);
export type UploadedFile = z.infer<typeof UploadedFile>;

/** `data`: the file's bytes in base64. `mediaType`: `image/...` files are shown to the model, others are named to it. */
export const UploadFile = z.lazy(() =>
  z.strictObject({
    name: z
      .string()
      .regex(/^(?!\.{1,2}$)[^/\\\p{Cc}]{1,128}$/u, { error: "must be a file name of 1 to 128 characters" }),
    mediaType: z
      .string()
      .regex(/^[a-z0-9]+\/[a-zA-Z0-9.+-]{1,64}$/)
      .default("application/octet-stream"),
    data: z.base64(),
  }),
);
export type UploadFile = z.infer<typeof UploadFile>;

export const FileReply = z.lazy(() => z.looseObject({ file: UploadedFile }));
export const FileList = z.lazy(() =>
  z.looseObject({
    files: z.array(UploadedFile),
    nextCursor: z.string().nullable(),
    asOfSeq: z.number().int(),
  }),
);

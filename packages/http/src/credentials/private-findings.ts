import fs from "node:fs";
import { fail, type Finding, ok } from "@baa/process";
import { ensurePrivateDir, PermissionFault, readPrivateFile } from "@baa/storage";
import { TOKEN_CHARS_MIN } from "./token-file.ts";

/** Owner and mode of a directory that is ours alone; that it is missing is no fault. Changes nothing. */
export const privateDirFinding = (check: string, dir: string): Finding => {
  if (!fs.existsSync(dir)) return ok(check, `${dir} is not there yet; the first start makes it`);
  return privateFileFinding(check, () => {
    ensurePrivateDir(dir);
    return ok(check, `${dir} is ours alone`);
  });
};

/** Owner, mode and length of a token file. `missing`: what makes it. Changes nothing. */
export const tokenFileFinding = (check: string, file: string, missing: string): Finding => {
  if (!fs.existsSync(file)) return ok(check, `${file} is not there; ${missing}`);
  return privateFileFinding(check, () => {
    const { length } = readPrivateFile(file).trim();
    return length >= TOKEN_CHARS_MIN
      ? ok(check, `${file} is ours alone`)
      : fail(
          check,
          `${file} is shorter than ${TOKEN_CHARS_MIN} characters`,
          `remove it; a new one is made at the start`,
        );
  });
};

/** A look at a private file, whose faults are findings. */
export const privateFileFinding = (check: string, look: () => Finding): Finding => {
  try {
    return look();
  } catch (error) {
    if (error instanceof PermissionFault) return fail(check, `${error.path}: ${error.fault}`, error.help);
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return fail(check, message, "make it readable for the service's user");
  }
};

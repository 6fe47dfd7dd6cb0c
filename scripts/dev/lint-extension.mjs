// Mozilla's own linter over both builds of the Firefox extension, as for one that its user hosts. Anything it says is a
// failure, its notices too.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import linter from "addons-linter";
import { buildExtension } from "./build-extension.mjs";

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "baa-extension-"));
try {
  for (const archive of await buildExtension(dir)) {
    const config = { _: [path.join(dir, archive)], logLevel: "fatal", output: "none", selfHosted: true, boring: true };
    const { errors, warnings, notices } = await linter.createInstance({ config, runAsBinary: false }).run();
    for (const { _type: type, code, message, file, line } of [...errors, ...warnings, ...notices]) {
      console.error(`${archive}: ${type} ${code} ${file ?? ""}:${line ?? ""} ${message}`);
      process.exitCode = 1;
    }
  }
} finally {
  fs.rmSync(dir, { recursive: true });
}

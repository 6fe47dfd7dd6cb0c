import fs from "node:fs";
import path from "node:path";

/**
 * A Firefox that reads managed policies of its own: a directory of links to the installed one, with another
 * `distribution`. A stock build takes them from nowhere else but /etc, which is the machine's; the preferences that
 * name another file count in Mozilla's own automation only. The program is copied: it looks for all else beside itself.
 *
 * @returns the executable.
 */
export function installWithPolicies(executablePath: string, dir: string, policies: unknown): string {
  const program = fs.realpathSync(executablePath);
  const from = path.dirname(program);
  for (const name of fs.readdirSync(from)) {
    if (name === "distribution") continue;
    const place = path.join(dir, name);
    if (path.join(from, name) === program) fs.copyFileSync(program, place);
    else fs.symlinkSync(path.join(from, name), place);
  }
  fs.mkdirSync(path.join(dir, "distribution"));
  fs.writeFileSync(path.join(dir, "distribution/policies.json"), JSON.stringify({ policies }));
  return path.join(dir, path.basename(program));
}

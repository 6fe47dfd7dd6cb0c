// The checks of check-launchd.sh. Arguments: the renderer's, then --skip-dist-check, --check-loaded, --domain. The
// expected token, if any, comes on standard input.
import fs from "node:fs";
import { parseCall } from "../../../ops/launchd/lib/options.mjs";
import { exitCodeOf } from "../../../ops/launchd/lib/run-render.mjs";
import { checkLines, checkServices, splitWords } from "./static-check.mjs";

const OWN = { flags: ["--skip-dist-check", "--check-loaded", "--expect-token"], values: ["--domain"] };

const main = async (argv) => {
  const { own, rest } = splitWords(argv, OWN);
  const call = parseCall([...rest, "--check", "--keep-programs"]);
  const how = {
    skipDist: own["--skip-dist-check"] === true,
    loadedIn: own["--check-loaded"] ? own["--domain"] : undefined,
    expected: own["--expect-token"] ? fs.readFileSync(0, "utf8").trim() : undefined,
  };
  const { checked } = await checkServices(call, how, process.env.PATH ?? "");
  const failures = checked.flatMap(({ checks }) => checks).filter(({ ok }) => !ok).length;
  if (call.values.json) console.log(JSON.stringify({ ok: failures === 0, services: checked }, undefined, 2));
  else {
    for (const line of checked.flatMap(checkLines)) console.log(line);
    console.log(failures === 0 ? "all checks passed" : `${failures} checks failed`);
  }
  return failures === 0 ? 0 : 1;
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`check-launchd: ${error.message}`);
  process.exitCode = exitCodeOf(error);
}

// Renders the property lists that launchd loads, or checks that the installed ones are what rendering gives now.
// Plain JS over Node built-ins: it runs before anything is installed or built. `--help` says how.
import { runRender } from "./lib/run-render.mjs";

const { code, stdout, stderr } = runRender(process.argv.slice(2), process.env.PATH ?? "");
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;

// Prints the chosen services that need the shared token, one a line. Arguments: --service NAME ..., --all-services.
import { parseCall } from "../../../ops/launchd/lib/options.mjs";
import { chooseServices, readServices } from "../../../ops/launchd/lib/services.mjs";

try {
  const { values } = parseCall(process.argv.slice(2));
  const chosen = chooseServices(readServices(), { named: values.service, all: values["all-services"] });
  for (const { id, needsToken } of chosen) if (needsToken) console.log(id);
} catch (error) {
  console.error(error.message);
  process.exitCode = 64;
}

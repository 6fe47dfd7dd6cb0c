// A service's template filled with a node's settings, as a tree. Values are set on the parsed tree, never in text.
import fs from "node:fs";
import path from "node:path";
import { parsePlist, PlistError } from "../plist.mjs";
import { LAUNCHD_DIR } from "./services.mjs";
import { environmentOf } from "./settings.mjs";

export const templateFile = (service) => path.join(LAUNCHD_DIR, `${service.label}.plist`);

/** The template's tree. Throws PlistError with the file's name. */
export const readTemplate = (service, file = templateFile(service)) => {
  try {
    return parsePlist(fs.readFileSync(file, "utf8"));
  } catch (error) {
    if (!(error instanceof PlistError)) throw error;
    throw new PlistError(`${path.basename(file)}:${error.message}`);
  }
};

/** `{name}` replaced by its value; a name that is not there is a fault of the table. */
const fill = (text, values) =>
  text.replaceAll(/\{(\w+)\}/g, (_whole, name) => {
    if (!Object.hasOwn(values, name)) throw new Error(`services.tsv: {${name}} is unknown`);
    return values[name];
  });

const entryOf = (service, settings) => `${settings.codeDir}/${service.entry}`;

/** The whole ProgramArguments: an absolute node, the entry, its arguments. */
export const programArguments = (service, settings) => [
  settings.nodePath,
  entryOf(service, settings),
  ...service.arguments.map((word) => fill(word, settings)),
];

/** What a running process of the service has in its command line. */
export const processMatch = (service, settings) =>
  fill(service.process, { ...settings, entry: entryOf(service, settings) });

/** launchd writes what the process prints to these two; they mostly catch crashes. */
export const logFiles = (service, settings) => ({
  stdout: `${settings.repoDir}/logs/launchd/${service.label}.out.log`,
  stderr: `${settings.repoDir}/logs/launchd/${service.label}.err.log`,
});

/** The document that launchd is to load. Throws when template and table do not belong together. */
export const renderTree = (service, settings, template = readTemplate(service)) => {
  if (!(template instanceof Map) || template.get("Label") !== service.label)
    throw new Error(`the template of ${service.id} must have the Label ${service.label}`);
  const tree = new Map(template);
  tree.set("ProgramArguments", programArguments(service, settings));
  tree.set("WorkingDirectory", settings.repoDir);
  tree.set("EnvironmentVariables", renderEnvironment(service, settings, template));
  tree.set("StandardOutPath", logFiles(service, settings).stdout);
  tree.set("StandardErrorPath", logFiles(service, settings).stderr);
  if (settings.username !== undefined) tree.set("UserName", settings.username);
  if (settings.sessionType !== undefined) tree.set("LimitLoadToSessionType", settings.sessionType);
  return tree;
};

const renderEnvironment = (service, settings, template) => {
  const values = environmentOf(settings);
  const environment = new Map(template.get("EnvironmentVariables"));
  if (environment.has("BAA_SHARED_TOKEN"))
    throw new Error(`the template of ${service.id} must not hold BAA_SHARED_TOKEN: every user can read a plist`);
  if (environment.has("BAA_SHARED_TOKEN_FILE") !== service.needsToken)
    throw new Error(`${service.id}: services.tsv and the template disagree about the shared token`);
  for (const name of environment.keys()) {
    if (Object.hasOwn(values, name)) environment.set(name, values[name]);
  }
  return environment;
};

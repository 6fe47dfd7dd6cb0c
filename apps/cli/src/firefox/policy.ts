import fs from "node:fs";
import path from "node:path";
import { FIREFOX_PATH } from "@baa/contracts/firefox";
import { writeFileDurable } from "@baa/storage";
import type { PolicyOptions } from "../commands/firefox/options.ts";
import type { Context } from "../context.ts";
import { CliError, usageError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import { duration } from "../output/time.ts";
import { patiently } from "../patience.ts";
import { callerOf } from "./perform.ts";
import { parsePolicies, withOurs } from "./policies.ts";
import { placeToInstall, policyPlaces, type PolicyPlaces } from "./policy-places.ts";

/** Beside the code, in a checkout and in a release. */
const XPI = "apps/firefox-extension/dist/baa-conductor-mv2.xpi";
/** Firefox reads it as whoever runs it. */
const MODE = 0o644;

/** `baa firefox policy` */
export const policy = async (context: Context, o: PolicyOptions): Promise<ExitName> => {
  const { out, config } = context;
  if (o.install === true && o.output !== undefined) throw usageError("--output and --install are two places: give one");
  const xpi = findXpi(context, o.xpi);
  const places = policyPlaces({ platform: process.platform, homeDir: config.homeDir });
  const target = targetOf(context, o, places);
  // Before a door is opened: what cannot be read, and what cannot be written, needs none.
  const former = target === undefined ? { file: "", value: {} } : readFormer(target);
  const written = target === undefined ? undefined : writableFor(context, target);
  const { pairing, url } = await openDoor(context, o);
  const document = withOurs(former, { url, pairingCode: pairing.code ?? "", xpi });
  const text = `${JSON.stringify(document, undefined, 2)}\n`;
  if (written === undefined) await out.line(text.trimEnd());
  else await write(context, { text, target: written.file });
  tellNext(context, { places, written, holdsMs: Date.parse(pairing.expiresAt) - Date.parse(pairing.createdAt) });
  return "ok";
};

const findXpi = ({ cwd, config }: Context, given: string | undefined): string => {
  const xpi = given === undefined ? path.join(config.codeRoot, XPI) : path.resolve(cwd, given);
  if (fs.statSync(xpi, { throwIfNoEntry: false })?.isFile() === true) return xpi;
  throw new CliError("ioError", "no_xpi", `${xpi} is no file.`, {
    next: "Build it (pnpm -r build), or say where it lies: --xpi <file>",
  });
};

const targetOf = ({ cwd }: Context, o: PolicyOptions, places: PolicyPlaces): string | undefined => {
  if (o.output !== undefined) return path.resolve(cwd, o.output);
  if (o.install !== true) return undefined;
  const place = placeToInstall(places);
  if (place !== undefined) return place;
  const [first] = places.installations;
  const why = first === undefined ? "no Firefox was found" : "more than one Firefox is installed";
  throw usageError(
    `--install: ${why}; name the file with --output, for example ${places.installations.join(" or ") || "<app>/Contents/Resources/distribution/policies.json"}`,
  );
};

const readFormer = (file: string): { file: string; value: Readonly<Record<string, unknown>> } => {
  if (!fs.existsSync(file)) return { file, value: {} };
  return { file, value: parsePolicies({ file, text: fs.readFileSync(file, "utf8") }) };
};

interface Written {
  /** Where it is written. */
  readonly file: string;
  /** Where it belongs, when we may not write there. */
  readonly target: string | undefined;
}

/** The target itself, or a file of our own for somebody who may put it there. */
const writableFor = ({ config }: Context, target: string): Written => {
  if (mayWrite(target)) return { file: target, target: undefined };
  return { file: path.join(config.configDir, "firefox-policies.json"), target };
};

const mayWrite = (file: string): boolean => {
  let directory = path.dirname(file);
  while (!fs.existsSync(directory)) directory = path.dirname(directory);
  try {
    fs.accessSync(directory, fs.constants.W_OK);
    return true;
  } catch {
    return false; // that is the answer
  }
};

const openDoor = async (context: Context, o: PolicyOptions) => {
  const caller = await callerOf(context);
  const { baseUrl } = await context.connect();
  const body = { kind: "policy" as const, ...(o.name === undefined ? {} : { name: o.name }) };
  const { pairing } = await patiently(context, (idempotencyKey) =>
    caller.conductor.createFirefoxPairing({ body, idempotencyKey, signal: context.signal }),
  );
  return { pairing, url: o.url ?? `${baseUrl.replace(/^http/, "ws")}${FIREFOX_PATH}` };
};

const write = async ({ out }: Context, { text, target }: { text: string; target: string }): Promise<void> => {
  fs.mkdirSync(path.dirname(target), { recursive: true, mode: 0o755 });
  const backup = fs.existsSync(target) ? `${target}.${stamp()}.bak` : undefined;
  if (backup !== undefined) fs.copyFileSync(target, backup, fs.constants.COPYFILE_EXCL);
  writeFileDurable(target, text, { mode: MODE });
  await out.result({ file: target, ...(backup === undefined ? {} : { backup }) }, [target]);
  if (backup !== undefined && !out.json) out.note(`What was there before is kept as ${backup}.`);
};

const stamp = (): string => new Date().toISOString().replaceAll(/[-:.]/g, "");

const tellNext = (
  { out }: Context,
  o: { readonly places: PolicyPlaces; readonly written: Written | undefined; readonly holdsMs: number },
): void => {
  const { written, places } = o;
  if (written === undefined) {
    const choices = [places.machine, ...places.installations].filter((place) => place !== undefined);
    out.note(`It belongs in one of: ${choices.join(", ") || "<app>/Contents/Resources/distribution/policies.json"}`);
  }
  if (written?.target !== undefined) {
    const directory = path.dirname(written.target);
    out.note(
      [
        `${written.target} is not ours to write. Put it there:`,
        `  sudo mkdir -p ${quoted(directory)} && sudo install -m 0644 ${quoted(written.file)} ${quoted(written.target)}`,
        `  rm ${quoted(written.file)}`,
      ].join("\n"),
    );
  }
  out.note(
    `Then start Firefox ESR: it installs the extension, which pairs itself. Every user of the machine can read the file; the code in it works once, for ${duration(o.holdsMs)} at most, and only for the extension that used it first. The key is never in it.`,
  );
};

/** A path as a shell takes it. */
const quoted = (text: string): string => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

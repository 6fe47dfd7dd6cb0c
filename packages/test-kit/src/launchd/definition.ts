import fs from "node:fs";
import { Code } from "./codes.ts";
import { lintPlist } from "./lint.ts";

/** When the job is started again after it ended. */
export type KeepAlive = boolean | { readonly successfulExit?: boolean; readonly crashed?: boolean };

/** A job as it was when its plist was bootstrapped. Later changes of the file are not seen. */
export interface Definition {
  readonly label: string;
  readonly file: string;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly stdoutPath: string | undefined;
  readonly stderrPath: string | undefined;
  readonly runAtLoad: boolean;
  readonly keepAlive: KeepAlive;
  /** Seconds. */
  readonly throttleInterval: number;
  /** Seconds; 0 = for ever. */
  readonly exitTimeOut: number;
  readonly abandonsGroup: boolean;
  readonly umask: number | undefined;
  readonly softOpenFiles: number | undefined;
  readonly isDisabledByKey: boolean;
  readonly sessionTypes: readonly string[];
}

/** What decides whether a plist may be loaded. */
export interface LoadRules {
  /** "Aqua" in gui domains, "Background" in user domains, "System". */
  readonly session: string;
  readonly macosMajor: number;
}

/** Reads and judges a plist; a number is launchd's own error code for what is wrong with it. */
export function readDefinition(file: string, rules: LoadRules): Definition | number {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return Code.invalidPath;
  if (stat.uid !== process.getuid?.() || (stat.mode & 0o022) !== 0) return Code.badOwnership;
  if (rules.macosMajor >= 26 && (stat.mode & 0o044) !== 0o044) return Code.badOwnership;
  const { value, fault } = { fault: undefined, value: undefined, ...lintPlist(fs.readFileSync(file, "utf8")) };
  if (fault !== undefined || !isDict(value)) return Code.invalidPlist;
  const definition = fromDict(value, file);
  if (typeof definition === "number") return definition;
  return definition.sessionTypes.includes(rules.session) || rules.session === "System" ? definition : Code.wrongSession;
}

type Dict = Readonly<Record<string, unknown>>;

const isDict = (value: unknown): value is Dict =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
const texts = (value: unknown): string[] | undefined =>
  Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;

function fromDict(dict: Dict, file: string): Definition | number {
  const label = text(dict["Label"]);
  if (label === undefined || label === "") return Code.noLabel;
  const argv = texts(dict["ProgramArguments"]) ?? [text(dict["Program"]) ?? ""];
  if (argv[0] === undefined || argv[0] === "") return Code.noProgram;
  return {
    label,
    file,
    argv,
    environment: environmentOf(dict["EnvironmentVariables"]),
    workingDirectory: text(dict["WorkingDirectory"]) ?? "/",
    stdoutPath: text(dict["StandardOutPath"]),
    stderrPath: text(dict["StandardErrorPath"]),
    keepAlive: keepAliveOf(dict["KeepAlive"]),
    // Keys of KeepAlive that look at how the job ended imply that it was started.
    runAtLoad: dict["RunAtLoad"] === true || keepAliveOf(dict["KeepAlive"]) !== false,
    throttleInterval: number(dict["ThrottleInterval"]) ?? 10,
    exitTimeOut: number(dict["ExitTimeOut"]) ?? 5,
    abandonsGroup: dict["AbandonProcessGroup"] === true,
    umask: number(dict["Umask"]),
    softOpenFiles: isDict(dict["SoftResourceLimits"]) ? number(dict["SoftResourceLimits"]["NumberOfFiles"]) : undefined,
    isDisabledByKey: dict["Disabled"] === true,
    sessionTypes: sessionTypesOf(dict["LimitLoadToSessionType"]),
  };
}

function environmentOf(value: unknown): Record<string, string> {
  if (!isDict(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, String(item)]));
}

function keepAliveOf(value: unknown): KeepAlive {
  if (!isDict(value)) return value === true;
  const { SuccessfulExit: exit, Crashed: crashed } = value;
  return {
    ...(typeof exit === "boolean" && { successfulExit: exit }),
    ...(typeof crashed === "boolean" && { crashed }),
  };
}

const sessionTypesOf = (value: unknown): string[] => texts(value) ?? [text(value) ?? "Aqua"];

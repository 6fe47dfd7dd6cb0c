import fs from "node:fs";
import path from "node:path";

/** What only GNU's tool understands; the shell lint reads the same list (gnu-only.json). */
interface CommandSpec {
  /** Letters of options that are refused. */
  readonly short?: string;
  /** Letters of options whose value follows, in the same word or the next. */
  readonly value?: string;
  /** Present: every `--long` option but these is refused. */
  readonly long?: readonly string[];
  /** Words (globs) that are refused wherever they stand, and words that pass. */
  readonly words?: readonly string[];
  readonly allow?: readonly string[];
  /** Values of options (globs) that are refused. */
  readonly values?: readonly string[];
  /** `words`: options are whole words, not letters (find, tar). */
  readonly style?: "words";
  /** Everything after the first operand belongs to another command (xargs). */
  readonly wraps?: boolean;
}

interface GnuOnly {
  readonly absent: Readonly<Record<string, string>>;
  readonly commands: Readonly<Record<string, CommandSpec>>;
}

/** Exit code of a shim that refuses. */
export const BSD_SHIM_REFUSED = 97;

const LIST = new URL("gnu-only.json", import.meta.url);

/** What is refused, and why. */
function readGnuOnly(): GnuOnly {
  return JSON.parse(fs.readFileSync(LIST, "utf8")) as GnuOnly;
}

/**
 * Fills `dir` with programs that stand before the real ones on PATH: they refuse (exit 97) what the tools of macOS do
 * not know, hand everything else to the real tool, and stand for commands that macOS lacks (exit 127). Plain sh: each
 * costs a millisecond. `command -v` still finds what is absent.
 */
export function installBsdShims(dir: string, searchPath = process.env["PATH"] ?? ""): void {
  const { absent, commands } = readGnuOnly();
  fs.mkdirSync(dir, { recursive: true });
  for (const [name, why] of Object.entries(absent)) write(dir, name, absentShim(name, why));
  for (const [name, spec] of Object.entries(commands)) {
    const real = findReal(name, searchPath, dir);
    if (real !== undefined) write(dir, name, shim(name, spec, real));
  }
}

function write(dir: string, name: string, text: string): void {
  fs.writeFileSync(path.join(dir, name), text, { mode: 0o755 });
}

function findReal(name: string, searchPath: string, dir: string): string | undefined {
  const dirs = searchPath.split(path.delimiter).filter((entry) => path.isAbsolute(entry) && entry !== dir);
  return dirs.map((entry) => path.join(entry, name)).find((file) => fs.existsSync(file));
}

const absentShim = (name: string, why: string): string =>
  `#!/bin/sh\necho "${name}: command not found (bsd-shim: ${why})" >&2\nexit 127\n`;

/** A case branch, or nothing without patterns. */
const branch = (patterns: readonly string[] | undefined, action: string): string =>
  patterns === undefined || patterns.length === 0 ? "" : `    ${patterns.join(" | ")}) ${action} ;;\n`;

const letters = (text: string | undefined): string[] => (text === undefined ? [] : [`[${text}]`]);

const shim = (name: string, spec: CommandSpec, real: string): string => `#!/bin/sh
refuse() {
  echo "bsd-shim: ${name} $1: not with the tools of macOS" >&2
  exit ${BSD_SHIM_REFUSED}
}
check_value() {
  case "$2" in
${branch(spec.values, 'refuse "-$1 $2"')}    *) ;;
  esac
}
pending=
for word do
  if [ -n "$pending" ]; then
    check_value "$pending" "$word"
    pending=
    continue
  fi
  case "$word" in
    --) break ;;
${branch(spec.allow, "continue")}${branch(spec.words, 'refuse "$word"')}${longBranches(spec)}    -?*) ${
  spec.style === "words" ? "continue" : ""
} ;;
    *) ${spec.wraps === true ? "break" : "continue"} ;;
  esac
  rest="\${word#-}"
  while [ -n "$rest" ]; do
    letter="\${rest%"\${rest#?}"}"
    rest="\${rest#?}"
    case "$letter" in
${branch(letters(spec.short), 'refuse "$word"')}${branch(letters(spec.value), valueAction)}    *) ;;
    esac
  done
done
exec ${real} "$@"
`;

const valueAction = 'if [ -n "$rest" ]; then check_value "$letter" "$rest"; else pending="$letter"; fi; break';

const longBranches = ({ long }: CommandSpec): string =>
  long === undefined ? branch(["--*"], "continue") : `${branch(long, "continue")}${branch(["--*"], 'refuse "$word"')}`;

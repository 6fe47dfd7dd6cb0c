import fs from "node:fs";
import type { Logger } from "@baa/process";
import { DamagedFileError, readChecked, writeChecked } from "@baa/storage";

interface HomeVersions {
  /** The newest that ever ran on this home. */
  readonly highest: string;
  /** The one that ran last. */
  readonly last: string;
  readonly at: string;
}

interface VersionsFile {
  readonly format: 1;
  readonly minReader: 1;
  readonly homes: Readonly<Record<string, HomeVersions>>;
}

export interface CodexVersionsOptions {
  readonly file: string;
  readonly codexHome: string;
  readonly allowDowngrade: boolean;
  readonly nowText: () => string;
  readonly logger: Logger;
}

const HELP = "move it away: the newest version of Codex is then learned again";

/**
 * Which versions of Codex ran on this CODEX_HOME. An older one may read a history of a newer one as empty, without a
 * word (measured: 0.142.0 after 0.169.0), so it is refused by name.
 */
export class CodexVersions {
  readonly #o: CodexVersionsOptions;
  #homes: Readonly<Record<string, HomeVersions>>;

  constructor(o: CodexVersionsOptions) {
    this.#o = o;
    this.#homes = this.#read();
  }

  /** The newest version that ran on this home. */
  get highest(): string | undefined {
    return this.#homes[this.#o.codexHome]?.highest;
  }

  /** Why this version must not be used, with the way out; undefined when it may. */
  refusal(version: string): string | undefined {
    const { highest } = this;
    const { codexHome, allowDowngrade } = this.#o;
    if (allowDowngrade || highest === undefined || !isOlder(version, highest)) return undefined;
    return (
      `Codex ${version} is older than ${highest}, which ran on ${codexHome} before: it may not see the history that ` +
      `${highest} wrote. Install ${highest} or newer, or set BAA_CODEXD_ALLOW_DOWNGRADE=1 to use ${version} all the same.`
    );
  }

  /** A child of this version is in use. A version that cannot be compared is not recorded. */
  saw(version: string): void {
    const { file, codexHome, nowText, logger } = this.#o;
    const former = this.#homes[codexHome];
    if (parse(version) === undefined || former?.last === version) return;
    const highest = former === undefined || isOlder(former.highest, version) ? version : former.highest;
    this.#homes = { ...this.#homes, [codexHome]: { highest, last: version, at: nowText() } };
    const content: VersionsFile = { format: 1, minReader: 1, homes: this.#homes };
    try {
      writeChecked(file, content);
    } catch (error) {
      // Known in this process all the same; the next start tries again.
      logger.warn({ event: "codex.version.unsaved", err: error }, "the version of Codex could not be recorded");
    }
  }

  #read(): Readonly<Record<string, HomeVersions>> {
    const { file, logger } = this.#o;
    try {
      return readChecked<VersionsFile>(file, { help: HELP })?.value.homes ?? {};
    } catch (error) {
      if (!(error instanceof DamagedFileError)) throw error;
      // Not worth refusing work for: what it holds is learned again from the next child.
      for (const name of [file, `${file}.prev`]) if (fs.existsSync(name)) fs.renameSync(name, `${name}.damaged`);
      logger.error({ event: "codex.version.damaged", file, fault: error.fault }, "moved aside as .damaged");
      return {};
    }
  }
}

interface Version {
  readonly numbers: readonly number[];
  /** What stands behind a hyphen: such a version comes before the one without. */
  readonly pre: string | undefined;
}

const parse = (text: string): Version | undefined => {
  const match = /^(\d+)\.(\d+)\.(\d+)(?:-([\w.-]+))?/.exec(text);
  return match ? { numbers: match.slice(1, 4).map(Number), pre: match[4] } : undefined;
};

/** Whether version `a` comes before `b`; false when either cannot be read. */
export const isOlder = (a: string, b: string): boolean => {
  const [left, right] = [parse(a), parse(b)];
  if (!left || !right) return false;
  for (const [index, number] of left.numbers.entries()) {
    const other = right.numbers[index] as number;
    if (number !== other) return number < other;
  }
  if (left.pre === right.pre || left.pre === undefined) return false;
  return right.pre === undefined || left.pre.localeCompare(right.pre, "en", { numeric: true }) < 0;
};

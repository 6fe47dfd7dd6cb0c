import type { OptionDef, VerbDef } from "../verb.ts";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { completionTree } from "./tree.ts";
import { zshScript } from "./zsh.ts";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** The script that completes these verbs in this shell. */
export const scriptFor = (
  shell: keyof typeof SCRIPTS,
  verbs: readonly VerbDef[],
  common: readonly OptionDef[],
): string => SCRIPTS[shell](completionTree(verbs, common));

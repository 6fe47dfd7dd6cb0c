import { COMMON_OPTIONS } from "../cli.ts";
import { verb, type VerbDef } from "../verb.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** `verbs`: all of them, this one too; asked for when it runs. */
export const completion = (verbs: () => readonly VerbDef[]): VerbDef =>
  verb<[Shell], object>({
    name: "completion",
    group: "operate",
    summary: "print a script that completes baa's words in a shell",
    about: ["Made from the verbs of this baa; write it anew after an update."],
    arguments: [{ name: "<shell>", summary: SHELLS.join(", "), choices: SHELLS }],
    json: "`{shell, script}`",
    examples: [
      "baa completion bash > ~/.local/share/bash-completion/completions/baa",
      'source <(baa completion zsh)   # or a file "_baa" in fpath',
      "baa completion fish > ~/.config/fish/completions/baa.fish",
    ],
    run: async ({ out }, [shell]) => {
      const { scriptFor } = await import("../completion/script.ts");
      const script = scriptFor(shell, verbs(), COMMON_OPTIONS);
      await out.result({ shell, script }, [script.trimEnd()]);
      return "ok";
    },
  });

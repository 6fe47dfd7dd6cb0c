import { createToCodexInput } from "../../src/turns/turn-input.ts";

/** The conversion of inputs where no file is kept and no path is allowed. */
export const toCodexInput = createToCodexInput({
  cwdRules: { roots: [], homeDir: "/nonexistent", forbidden: [] },
  fileOf: () => undefined,
  ownDirsOf: () => [],
});

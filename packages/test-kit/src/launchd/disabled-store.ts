import fs from "node:fs";

/**
 * What `enable` and `disable` say about labels. It lives outside the plists and outlives them, a reinstallation and a
 * reboot. One list per user: gui/501 and user/501 share it.
 */
export class DisabledStore {
  readonly #file: string;
  readonly #states: Map<string, "enabled" | "disabled">;

  constructor(file: string) {
    this.#file = file;
    const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "[]";
    this.#states = new Map(JSON.parse(text) as [string, "enabled" | "disabled"][]);
  }

  set(label: string, state: "enabled" | "disabled"): void {
    this.#states.set(label, state);
    fs.writeFileSync(this.#file, JSON.stringify([...this.#states]));
  }

  /** An override beats the plist's own Disabled key. */
  isDisabled(label: string, byKey: boolean): boolean {
    const state = this.#states.get(label);
    return state === undefined ? byKey : state === "disabled";
  }

  /** As `launchctl print-disabled` shows it. */
  toString(): string {
    const lines = [...this.#states].map(([label, state]) => `\t\t"${label}" => ${state}\n`);
    return `\n\tdisabled services = {\n${lines.join("")}\t}\n\tlogin item associations = {\n\t}\n`;
  }
}

import fs from "node:fs";
import path from "node:path";

/** Where Firefox looks for policies on this machine. */
export interface PolicyPlaces {
  /** For every Firefox of the machine; undefined where there is no such place. */
  readonly machine: string | undefined;
  /** One for each installation that was found. */
  readonly installations: readonly string[];
}

const FILE = "policies.json";
const LINUX_MACHINE = "/etc/firefox/policies";
const LINUX_INSTALLATIONS = [
  "/usr/lib/firefox-esr",
  "/usr/lib/firefox",
  "/usr/lib64/firefox",
  "/opt/firefox-esr",
  "/opt/firefox",
];
const MAC_APPS = ["Firefox ESR.app", "Firefox Developer Edition.app", "Firefox.app"];

/** `exists`: whether a directory is there. */
export const policyPlaces = (o: {
  readonly platform: NodeJS.Platform;
  readonly homeDir: string;
  readonly exists?: (directory: string) => boolean;
}): PolicyPlaces => {
  const exists = o.exists ?? fs.existsSync;
  if (o.platform === "darwin") {
    const apps = ["/Applications", path.join(o.homeDir, "Applications")].flatMap((directory) =>
      MAC_APPS.map((app) => path.join(directory, app)),
    );
    const found = apps.filter((app) => exists(app));
    return {
      machine: undefined,
      installations: found.map((app) => path.join(app, "Contents/Resources/distribution", FILE)),
    };
  }
  const found = LINUX_INSTALLATIONS.filter((directory) => exists(directory));
  return {
    machine: path.join(LINUX_MACHINE, FILE),
    installations: found.map((directory) => path.join(directory, "distribution", FILE)),
  };
};

/** The one to write: that which counts for all, else that of the only installation; undefined when somebody must choose. */
export const placeToInstall = ({ machine, installations }: PolicyPlaces): string | undefined =>
  machine ?? (installations.length === 1 ? installations[0] : undefined);

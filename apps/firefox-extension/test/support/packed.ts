import path from "node:path";
import { REPO_ROOT } from "@baa/test-kit";

export type ManifestVersion = 2 | 3;
export const MANIFESTS: readonly ManifestVersion[] = [2, 3];

/** The archive that is installed; the lane's setup has built it. */
export const packed = (manifest: ManifestVersion): string =>
  path.join(REPO_ROOT, `apps/firefox-extension/dist/baa-conductor-mv${manifest}.xpi`);

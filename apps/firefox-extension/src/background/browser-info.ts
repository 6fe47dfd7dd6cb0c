import type { BrowserInfo } from "@baa/contracts/firefox";

/** Firefox's own permission, which its user can take back; not our list of sites. */
export const EVERY_SITE = { origins: ["<all_urls>"] };

/** What this browser says of itself. */
export const readBrowserInfo = async (): Promise<BrowserInfo> => {
  const [{ name, version }, { os }, hasAllSites] = await Promise.all([
    browser.runtime.getBrowserInfo(),
    browser.runtime.getPlatformInfo(),
    browser.permissions.contains(EVERY_SITE),
  ]);
  const manifest = browser.runtime.getManifest();
  return {
    browser: `${name} ${version}`,
    os,
    extension: manifest.version,
    manifest: manifest.manifest_version === 2 ? 2 : 3,
    hasAllSites,
  };
};

/** Whether Firefox lets the extension reach this address. Its patterns know no ports. */
export const mayReach = ({ protocol, hostname }: URL): Promise<boolean> =>
  browser.permissions.contains({ origins: [`${protocol}//${hostname}/*`] }).catch(() => true); // no pattern for such a host

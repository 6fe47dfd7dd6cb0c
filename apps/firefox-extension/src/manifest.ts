import { FIREFOX_EXTENSION_ID } from "@baa/contracts/firefox";

/** Files of an unpacked extension that the manifest and the background name. */
export const EXTENSION_FILES = {
  background: "background.js",
  popup: "popup/popup.html",
  icon: "icons/icon.svg",
  iconUnpaired: "icons/unpaired.svg",
} as const;

const PERMISSIONS = [
  "alarms",
  "menus",
  "scripting",
  "storage",
  "tabs",
  // Without it Firefox may evict key and journal when the disk runs full.
  "unlimitedStorage",
];
const EVERY_SITE = "<all_urls>";

/**
 * Of our own pages. It must be named: the default of MV3 turns even `ws://127.0.0.1` into `wss://`. Which hosts are
 * reached is the user's and the policy's choice, and fetches in a page's session go anywhere; code is only our own.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src http: https: ws: wss:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** The manifest of one of the two builds; they differ in what Firefox demands of each version, and in nothing else. */
export const manifestOf = (manifestVersion: 2 | 3, version: string): Record<string, unknown> => {
  const action = {
    default_title: "Conductor",
    default_icon: EXTENSION_FILES.iconUnpaired,
    default_popup: EXTENSION_FILES.popup,
  };
  const common = {
    manifest_version: manifestVersion,
    name: "Conductor",
    description: "Lets your own conductor use this Firefox: the sites that you allow, and no other.",
    version,
    author: "baa-conductor",
    icons: { 48: EXTENSION_FILES.icon, 96: EXTENSION_FILES.icon },
    browser_specific_settings: {
      gecko: {
        id: FIREFOX_EXTENSION_ID,
        // The first that knows data_collection_permissions.
        strict_min_version: "142.0",
        data_collection_permissions: { required: ["none"] },
      },
    },
    incognito: "not_allowed",
  };
  return manifestVersion === 2
    ? {
        ...common,
        permissions: [...PERMISSIONS, EVERY_SITE],
        background: { scripts: [EXTENSION_FILES.background], persistent: true },
        browser_action: action,
        content_security_policy: CONTENT_SECURITY_POLICY,
      }
    : {
        ...common,
        permissions: PERMISSIONS,
        host_permissions: [EVERY_SITE],
        background: { scripts: [EXTENSION_FILES.background] },
        action: { ...action, default_area: "navbar" },
        content_security_policy: { extension_pages: CONTENT_SECURITY_POLICY },
      };
};

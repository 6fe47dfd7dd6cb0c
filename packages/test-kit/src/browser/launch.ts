import type { LaunchOptions } from "puppeteer-core";
import type { BrowserName } from "./find-browser.ts";

/** What a launch depends on. */
export interface LaunchPlan {
  readonly executablePath: string;
  /** An empty directory of its own. */
  readonly profileDir: string;
  /** The proxy for everything that is not loopback. */
  readonly trapPort: number;
  /** Names that lead to 127.0.0.1. */
  readonly hosts: readonly string[];
  readonly args: readonly string[];
  /** Firefox only. */
  readonly prefs: Readonly<Record<string, string | number | boolean>>;
}

/** Hosts that a browser asks for by itself, whatever its pages do and its settings say. Exact names. */
export const OWN_HOSTS: Readonly<Record<BrowserName, ReadonlySet<string>>> = {
  chromium: new Set([
    "accounts.google.com",
    "android.clients.google.com",
    "clients2.google.com",
    "clientservices.googleapis.com",
    "content-autofill.googleapis.com",
    "mtalk.google.com",
    "optimizationguide-pa.googleapis.com",
    "redirector.gvt1.com",
    "safebrowsingohttpgateway.googleapis.com",
    "update.googleapis.com",
    "www.google.com",
  ]),
  firefox: new Set(["firefox.settings.services.mozilla.com", "firefox-settings-attachments.cdn.mozilla.net"]),
};

export const launchOptions = (name: BrowserName, plan: LaunchPlan): LaunchOptions =>
  name === "chromium" ? chromium(plan) : firefox(plan);

const isRoot = (): boolean => process.getuid?.() === 0;

const chromium = (plan: LaunchPlan): LaunchOptions => ({
  browser: "chrome",
  executablePath: plan.executablePath,
  userDataDir: plan.profileDir,
  headless: true,
  enableExtensions: true,
  args: [
    ...(isRoot() ? ["--no-sandbox"] : []), // its sandbox refuses root
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // A prompt of the browser's own is luck and no defence: what is tested must hold without it.
    "--disable-features=LocalNetworkAccessChecks",
    `--proxy-server=127.0.0.1:${plan.trapPort}`,
    // Loopback goes past the proxy by itself.
    `--proxy-bypass-list=${plan.hosts.join(";")}`,
    ...(plan.hosts.length === 0
      ? []
      : [`--host-resolver-rules=${plan.hosts.map((host) => `MAP ${host} 127.0.0.1`).join(",")}`]),
    ...plan.args,
  ],
});

const firefox = (plan: LaunchPlan): LaunchOptions => ({
  browser: "firefox",
  executablePath: plan.executablePath,
  userDataDir: plan.profileDir,
  headless: true,
  args: [...plan.args],
  extraPrefsFirefox: firefoxPrefs(plan),
});

/** Of every Firefox in a test: it reaches loopback alone, and does no housekeeping that can be switched off. */
export const firefoxPrefs = (plan: Pick<LaunchPlan, "trapPort" | "hosts" | "prefs">): LaunchPlan["prefs"] => ({
  "network.proxy.type": 1,
  "network.proxy.http": "127.0.0.1",
  "network.proxy.http_port": plan.trapPort,
  "network.proxy.ssl": "127.0.0.1",
  "network.proxy.ssl_port": plan.trapPort,
  "network.proxy.no_proxies_on": ["127.0.0.0/8", "localhost", "[::1]", ...plan.hosts].join(","),
  "network.dns.localDomains": plan.hosts.join(","),
  "network.http.http3.enable": false,
  "network.connectivity-service.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.lna.enabled": false, // as in Chromium
  "network.lna.blocking": false,
  "extensions.getAddons.cache.enabled": false,
  "browser.region.network.url": "",
  "browser.safebrowsing.update.enabled": false,
  "app.normandy.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.telemetry.server": "",
  ...plan.prefs,
});

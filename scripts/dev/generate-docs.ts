// Writes docs/reference from the tables in the code; with --check it writes nothing and fails when a page is stale.
import fs from "node:fs";
import path from "node:path";
import { CLI_ENV } from "../../apps/cli/src/config.ts";
import { CODEXD_ENV } from "../../apps/codexd/src/config.ts";
import { CONDUCTOR_ENV } from "../../apps/conductor-daemon/src/config.ts";
import { STATUS_ENV } from "../../apps/status-api/src/config.ts";
import { CODEXD_ROUTES, CONDUCTOR_ROUTES, STATUS_ROUTES } from "../../packages/contracts/src/index.ts";
import { buildOpenApi, type RouteTable } from "../../packages/http/src/index.ts";
import { cliPage } from "./docs/cli-page.ts";
import { envPage } from "./docs/env-page.ts";
import { errorsPage } from "./docs/errors-page.ts";
import { eventsPage } from "./docs/events-page.ts";
import { firefoxPage } from "./docs/firefox-page.ts";
import { httpPage } from "./docs/http-page.ts";
import { limitsPage } from "./docs/limits-page.ts";
import type { Page } from "./docs/markdown.ts";

const root = path.resolve(import.meta.dirname, "../..");

const version = (): string =>
  (JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as { version: string }).version;

const openApiPage = (title: string, routes: RouteTable): Page => ({
  path: `docs/reference/openapi/${title}.json`,
  text: `${JSON.stringify(buildOpenApi(routes, { title, version: version() }), null, 2)}\n`,
});

const current = (page: Page): string | undefined => {
  const file = path.join(root, page.path);
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
};

const write = (page: Page): void => {
  const file = path.join(root, page.path);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, page.text);
  console.log(`wrote ${page.path}`);
};

const pages = [
  errorsPage(),
  httpPage(),
  eventsPage(),
  limitsPage(),
  firefoxPage(),
  envPage({ codexd: CODEXD_ENV, "conductor-daemon": CONDUCTOR_ENV, "status-api": STATUS_ENV, baa: CLI_ENV }),
  cliPage(),
  openApiPage("codexd", CODEXD_ROUTES),
  openApiPage("conductor", CONDUCTOR_ROUTES),
  openApiPage("status", STATUS_ROUTES),
];
const stale = pages.filter((page) => current(page) !== page.text);
if (process.argv.includes("--check")) {
  for (const page of stale) console.error(`stale: ${page.path} (run \`pnpm docs:generate\`)`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  stale.forEach(write);
}

// ops/launchd/services.tsv as values: the one list of services.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Where the templates, the table and the node profiles are. */
export const LAUNCHD_DIR = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

export const DEFAULT_TABLE = path.join(LAUNCHD_DIR, "services.tsv");

const COLUMNS = "id label app entry arguments process address port health token default probe work".split(" ");

const LABEL = /^[A-Za-z0-9._-]+$/;

/** A call that is wrong in itself: exit 64. */
export class UsageError extends Error {
  name = "UsageError";
}

const yesNo = (value, where) => {
  if (value !== "yes" && value !== "no") throw new Error(`${where} is yes or no, not ${JSON.stringify(value)}`);
  return value === "yes";
};

const optional = (value) => (value === "-" ? undefined : value);

const parseRow = (line, number) => {
  const cells = line.split("\t");
  const where = `services.tsv:${number}`;
  if (cells.length !== COLUMNS.length || cells.includes(""))
    throw new Error(`${where}: ${COLUMNS.length} columns, separated by single tabs, "-" for none`);
  const row = Object.fromEntries(COLUMNS.map((name, index) => [name, cells[index]]));
  if (!LABEL.test(row.label) || !LABEL.test(row.id)) throw new Error(`${where}: id or label holds odd characters`);
  return {
    id: row.id,
    label: row.label,
    app: row.app,
    entry: row.entry,
    arguments: row.arguments === "-" ? [] : row.arguments.split(" "),
    process: row.process,
    addressVariable: optional(row.address),
    port: row.port === "-" ? undefined : Number(row.port),
    healthPath: optional(row.health),
    needsToken: yesNo(row.token, `${where}: token`),
    isDefault: yesNo(row.default, `${where}: default`),
    hasProbe: yesNo(row.probe, `${where}: probe`),
    doesWork: yesNo(row.work, `${where}: work`),
  };
};

/** Every service in the table's order. Throws with file and line when the table is broken. */
export const readServices = (file = DEFAULT_TABLE) => {
  const [head, ...lines] = fs.readFileSync(file, "utf8").trimEnd().split("\n");
  if (head !== COLUMNS.join("\t")) throw new Error(`services.tsv:1: the columns are ${COLUMNS.join(", ")}`);
  return lines.map((line, index) => parseRow(line, index + 2));
};

/** The chosen services in the table's order: those named, all, or the default set. Throws UsageError. */
export const chooseServices = (services, { named = [], all = false } = {}) => {
  const unknown = named.find((id) => !services.some((service) => service.id === id));
  if (unknown !== undefined)
    throw new UsageError(`Unsupported service: ${unknown} (there are ${services.map(({ id }) => id).join(", ")})`);
  if (all) return services;
  return services.filter(({ id, isDefault }) => (named.length > 0 ? named.includes(id) : isDefault));
};

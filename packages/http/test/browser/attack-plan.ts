import type { TappedRequest } from "@baa/test-kit";
import { ATTACKS, type PageAttack } from "./page-attacks.mjs";
import type { Target } from "../servers.ts";

/** One attack on one address of one server, from one place in one browser. */
export interface AttackCase {
  /** Stands in the query of every request that it sends. */
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly target: Target;
  /** The statuses that refuse it. */
  readonly expect: readonly number[];
}

/** What a page says that it could read; null = nothing. */
export type PageResults = Readonly<Record<string, unknown>>;

export interface PlanOptions {
  /** Unique in the run: browser and place. */
  readonly from: string;
  readonly targets: readonly Target[];
  /** Name or address by which the servers are asked; default 127.0.0.1. */
  readonly host?: string;
  readonly expect: readonly number[];
  readonly takes: (attack: PageAttack, name: string) => boolean;
}

/** Every attack of the table that the place can make, on every address of its kind. */
export function planAttacks(o: PlanOptions): AttackCase[] {
  const attacks = Object.entries(ATTACKS).filter(([name, attack]) => o.takes(attack, name));
  return o.targets.flatMap((target) =>
    target.addresses.flatMap(([kind, path]) =>
      attacks
        .filter(([, attack]) => attack.to === kind)
        .map(([name]) => {
          const id = `${o.from}: ${name} at ${target.name} ${path}`;
          const url = `http://${o.host ?? "127.0.0.1"}:${target.port}${path}?attack=${encodeURIComponent(id)}`;
          return { id, name, url, target, expect: o.expect };
        }),
    ),
  );
}

/** What is wrong with how the cases came out, in words; empty = every one was sent, refused, and told the page nothing. */
export function findHoles(cases: readonly AttackCase[], results: PageResults): string[] {
  const seen = requestsById(cases);
  return cases.flatMap((one) => {
    const requests = seen.get(one.id) ?? [];
    const read = results[one.id];
    const faults = requests.filter((request) => !isRefusal(one, request)).map((request) => JSON.stringify(request));
    if (requests.length === 0) faults.push("was not sent");
    if (read !== null && !isReadRefusal(one, read)) faults.push(`the page read ${JSON.stringify(read)}`);
    return faults.map((fault) => `${one.id}: ${fault}`);
  });
}

/** Cases of which the server has not seen a request yet. */
export const unseen = (cases: readonly AttackCase[]): string[] => {
  const seen = requestsById(cases);
  return cases.filter(({ id }) => !seen.has(id)).map(({ id }) => id);
};

function requestsById(cases: readonly AttackCase[]): Map<string, TappedRequest[]> {
  const found = new Map<string, TappedRequest[]>();
  for (const target of new Set(cases.map((one) => one.target))) {
    for (const request of target.requests()) {
      const id = new URL(request.url, "http://server").searchParams.get("attack") ?? "";
      found.set(id, [...(found.get(id) ?? []), request]);
    }
  }
  return found;
}

const isRefusal = (one: AttackCase, { status, answered }: TappedRequest): boolean =>
  one.expect.includes(status) &&
  answered.includes("cross-origin-resource-policy") &&
  !answered.some((name) => name.startsWith("access-control-"));

/** Where the page may read the answer (it is of one origin with the server), a refusal is all that it reads. */
const isReadRefusal = (one: AttackCase, read: unknown): boolean => {
  const { status, text } = read as { status?: number; text?: string };
  const isProblem = text === "" || text?.includes('"code":"') === true;
  return isProblem && status !== undefined && one.expect.includes(status) && text?.includes(one.target.token) !== true;
};

import { BlockList, isIP } from "node:net";

/** Loopback, private networks and a tailnet: where plain HTTP may go. */
const NEAR = blockList([
  ["127.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["::1", 128, "ipv6"],
  ["fc00::", 7, "ipv6"],
]);
/** Unspecified, link-local (where clouds keep their metadata), multicast and reserved: nothing of ours is there. */
const NOWHERE = blockList([
  ["0.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["224.0.0.0", 3, "ipv4"],
  ["::", 128, "ipv6"],
  ["fe80::", 10, "ipv6"],
  ["ff00::", 8, "ipv6"],
]);
const LOOPBACK = blockList([
  ["127.0.0.0", 8, "ipv4"],
  ["::1", 128, "ipv6"],
]);

/** What no hook may reach on this host. */
export interface OwnAddresses {
  /** Of this host's interfaces. */
  readonly addresses: readonly string[];
  /** Of our services. */
  readonly ports: ReadonlySet<number>;
}

/** Why a hook may not go to this address; undefined when it may. */
export const refusalOf = (
  to: { readonly address: string; readonly port: number; readonly isTls: boolean },
  own: OwnAddresses,
): string | undefined => {
  if (isIP(to.address) === 0) return "it has no address";
  if (isIn(NOWHERE, to.address)) return `${to.address} is no address for a hook`;
  if (own.ports.has(to.port) && isOwn(to.address, own)) return "it is one of our own services";
  if (!to.isTls && !isIn(NEAR, to.address))
    return "http:// goes to this machine and private networks only; use https://";
  return undefined;
};

const isOwn = (address: string, own: OwnAddresses): boolean =>
  isIn(LOOPBACK, address) || isIn(blockList(own.addresses.map((one) => [one, undefined, familyOf(one)])), address);

type Family = "ipv4" | "ipv6";
type Entry = readonly [address: string, prefix: number | undefined, family: Family];

const familyOf = (address: string): Family => (isIP(address) === 6 ? "ipv6" : "ipv4");

/** An IPv4 address in IPv6 clothes counts as what it is: BlockList sees to that. */
const isIn = (list: BlockList, address: string): boolean => list.check(address, familyOf(address));

function blockList(entries: readonly Entry[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix, family] of entries) {
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, prefix, family);
  }
  return list;
}

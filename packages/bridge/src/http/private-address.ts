import { BlockList, isIP } from "node:net";

/**
 * Addresses that are not on the public internet: this host, private and carrier networks, link-local (cloud metadata lives there),
 * documentation, multicast, reserved; and the IPv6 ranges that wrap an IPv4 address, whose inside a router may reach.
 */
const ranges: readonly (readonly [string, number, "ipv4" | "ipv6"])[] = [
  ["0.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.0.0.0", 24, "ipv4"],
  ["192.0.2.0", 24, "ipv4"],
  ["192.88.99.0", 24, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["198.18.0.0", 15, "ipv4"],
  ["198.51.100.0", 24, "ipv4"],
  ["203.0.113.0", 24, "ipv4"],
  ["224.0.0.0", 4, "ipv4"],
  ["240.0.0.0", 4, "ipv4"],
  ["::", 96, "ipv6"],
  ["::ffff:0:0", 96, "ipv6"],
  ["64:ff9b::", 96, "ipv6"],
  ["64:ff9b:1::", 48, "ipv6"],
  ["100::", 64, "ipv6"],
  ["2001::", 32, "ipv6"],
  ["2001:db8::", 32, "ipv6"],
  ["2002::", 16, "ipv6"],
  ["fc00::", 7, "ipv6"],
  ["fe80::", 10, "ipv6"],
  ["fec0::", 10, "ipv6"],
  ["ff00::", 8, "ipv6"],
];

/** Where clouds answer with credentials: link-local, alone or wrapped in IPv6, and the unique local address that EC2 uses. */
const metadataRanges: typeof ranges = [
  ["169.254.0.0", 16, "ipv4"],
  ["fe80::", 10, "ipv6"],
  ["::ffff:169.254.0.0", 112, "ipv6"],
  ["64:ff9b::169.254.0.0", 112, "ipv6"],
  ["fd00:ec2::", 32, "ipv6"],
];

const blocked = createList(ranges);
const metadata = createList(metadataRanges);

/** Whether an address (not a name) is one that a URL from outside must not lead to. What is no address counts as private. */
export function isPrivateAddress(address: string): boolean {
  return isIn(blocked, address);
}

/** Whether an address is one under which a cloud may hand out credentials. What is no address counts as one. */
export function isMetadataAddress(address: string): boolean {
  return isIn(metadata, address);
}

function createList(subnets: typeof ranges): BlockList {
  const list = new BlockList();
  for (const [address, prefix, family] of subnets) list.addSubnet(address, prefix, family);
  return list;
}

function isIn(list: BlockList, address: string): boolean {
  const version = isIP(address);
  return version === 0 || list.check(address, version === 4 ? "ipv4" : "ipv6");
}

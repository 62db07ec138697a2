import { lookup as resolve, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP, isIPv4 } from 'node:net';

/** What is not the public internet: this machine, its networks, and what is reserved. */
const inner = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  inner.addSubnet(network, bits, 'ipv4');
/** The one part of IPv6 that is given out to the public, but for what stands for IPv4 addresses or documentation in it. */
const outer = new BlockList();
outer.addSubnet('2000::', 3, 'ipv6');
for (const [network, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
] as const)
  inner.addSubnet(network, bits, 'ipv6');

/** Whether an address is one of the public internet. What is no address is not. */
export function isPublic(address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, '').split('%')[0]!;
  if (isIP(plain) === 0) return false;
  if (isIPv4(plain)) return !inner.check(plain, 'ipv4');
  return outer.check(plain, 'ipv6') && !inner.check(plain, 'ipv6');
}

/** A name leads to an address that may not be written to. */
export class PrivateAddress extends Error {
  override name = 'PrivateAddress';
}

type Found = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/**
 * The connection's own look-up: what it connects to is what was looked at here, so that a name cannot lead to one address
 * when it is checked and to another when it is used. All of a name's addresses must be public.
 */
export function publicLookup(hostname: string, options: LookupOptions, found: Found): void {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return found(error, '');
    if (!addresses.every(({ address }) => isPublic(address)))
      return found(new PrivateAddress('the address is a private one'), '');
    if (options.all === true) return found(null, addresses);
    const [first] = addresses;
    return found(null, first!.address, first!.family);
  });
}

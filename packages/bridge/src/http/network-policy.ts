import { isIP } from "node:net";
import { isMetadataAddress, isPrivateAddress } from "./private-address.ts";

/**
 * Which hosts may have private addresses: none (`false`, the default), all (`true`), or those named, exactly as in the URL. A name does not
 * stand for the addresses under which clouds keep credentials: these have to be named as addresses. The check is made on the address that
 * is connected to, so a name that changes its answer gains nothing.
 */
export type AllowPrivate = boolean | readonly string[];

/** Whether a connection to `address`, which `hostname` resolved to, is in order. */
export function isAllowed(hostname: string, address: string, allowPrivate: AllowPrivate): boolean {
  if (!isPrivateAddress(address)) return true;
  if (typeof allowPrivate === "boolean") return allowPrivate;
  return allowPrivate.includes(hostname) && (hostname === address || !isMetadataAddress(address));
}

/**
 * The hosts that an operator allows by writing them down as what they are: a private IP address, `localhost`, a name without a dot
 * (a container), or one ending in `.internal`, `.local` or `.svc`. Addresses under which clouds keep credentials are not among them.
 */
export function plainlyPrivateHosts(url: string): readonly string[] {
  const hostname = hostnameOf(new URL(url));
  if (isIP(hostname) !== 0)
    return isPrivateAddress(hostname) && !isMetadataAddress(hostname) ? [hostname] : [];
  return !hostname.includes(".") || /\.(?:internal|local|localhost|svc)$/i.test(hostname) ? [hostname] : [];
}

/** The host of a URL without the brackets of IPv6. */
export function hostnameOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

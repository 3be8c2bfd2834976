import { BlockList, isIP } from "node:net";

/** Whether an address is among those of the list, which has addresses and ranges such as `10.0.0.0/16`. */
export function createProxyList(proxies: readonly string[]): (address: string | undefined) => boolean {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [address = "", prefix] = proxy.split("/");
    if (prefix === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(prefix), familyOf(address));
  }
  // Of `::ffff:10.0.0.1`, as IPv4 is called on a socket of both families, the list looks at the IPv4 address.
  return (address = "") => isIP(address) !== 0 && list.check(address, familyOf(address));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

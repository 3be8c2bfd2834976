import { BlockList } from "node:net";

/** Whether an address to listen on can be reached from this machine alone. Sources: RFC 5735, RFC 4291. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, "").toLowerCase();
  return name === "localhost" || loopback.check(name, name.includes(":") ? "ipv6" : "ipv4");
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

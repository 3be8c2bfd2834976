import type { IncomingMessage, ServerResponse } from "node:http";

/** Whether a request names two hosts: Node takes the first, a proxy before it may have taken the other. */
export function namesTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  const names = rawHeaders.filter((_, index) => index % 2 === 0);
  return names.filter((name) => name.toLowerCase() === "host").length > 1;
}

/** 400 and the end of the connection. Source: RFC 9112, section 3.2. */
export function refuseTwoHosts(outgoing: ServerResponse): void {
  outgoing.writeHead(400, { "content-type": "text/plain", connection: "close" });
  outgoing.end("The request has more than one Host header.\n");
}

import type { GatewayRequest } from "./event.ts";

/** The web's form of a request. Throws `TypeError` for a header or method that HTTP does not have. */
export function toWebRequest(given: GatewayRequest, signal: AbortSignal): Request {
  const { method, path, query, body } = given;
  const url = new URL(`https://${/^[a-z0-9.-]{1,253}$/i.test(given.host) ? given.host : "localhost"}`);
  url.pathname = path;
  url.search = query.toString();
  const headers = new Headers();
  for (const [name, value] of given.headers) headers.append(name, value);
  const hasBody = body !== undefined && method !== "GET" && method !== "HEAD";
  return new Request(url, { method, headers, signal, ...(hasBody && { body }) });
}

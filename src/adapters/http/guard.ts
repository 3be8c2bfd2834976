/** Hosts and browser origins that may reach the server. */
export interface GuardOptions {
  /** Host names (no port) beside the loopback names. */
  allowedHosts: readonly string[];
  /** Origins such as `https://app.example.org` beside those on loopback. */
  allowedOrigins: readonly string[];
}

/** The headers a check looks at; both may be missing. */
export interface GuardedHeaders {
  host: string | null | undefined;
  origin: string | null | undefined;
}

/** Says why a request may not come in, or undefined. */
export type Guard = (headers: GuardedHeaders) => string | undefined;

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Keeps web pages from reaching the server through the user's browser: by DNS rebinding (a foreign `Host`) or
 * directly (a foreign `Origin`). Source: MCP, "Streamable HTTP", security warning; CVE-2025-66414.
 */
export function createGuard({ allowedHosts, allowedOrigins }: GuardOptions): Guard {
  const hosts = new Set([...loopbackNames, ...allowedHosts.map((host) => host.toLowerCase())]);
  const origins = new Set(allowedOrigins.map((origin) => new URL(origin).origin));
  const isAllowedOrigin = (origin: string) => {
    const url = URL.canParse(origin) ? new URL(origin) : undefined;
    if (!url || !["http:", "https:"].includes(url.protocol)) return false;
    return loopbackNames.includes(url.hostname) || origins.has(url.origin);
  };
  return ({ host, origin }) => {
    const name = host ? hostName(host) : undefined;
    if (name === undefined) return "The Host header is missing or malformed.";
    if (!hosts.has(name)) return `Host ${name.slice(0, 255)} is not allowed. Add it to http.allowedHosts.`;
    if (origin && !isAllowedOrigin(origin)) {
      return `Origin ${origin.slice(0, 255)} is not allowed. Add it to http.allowedOrigins.`;
    }
    return undefined;
  };
}

/** The host without its port, in lower case. Undefined for what is more than a host and port. */
function hostName(host: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase();
}

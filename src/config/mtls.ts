import { isIP } from "node:net";
import { z } from "zod";
import { plainName, scopeName } from "./auth-names.ts";
import type { tlsSettings } from "./tls.ts";

/** A name in a certificate, as its CA vouches for it. */
const certificateName = z.string().regex(/^(URI:|DNS:|email:|subject:[A-Za-z0-9.]+=)[^\p{C}]+$/u, {
  error: "is none of URI:…, DNS:…, email:… and subject:O=…/CN=…",
});

const client = z.strictObject({
  id: plainName,
  certificate: certificateName,
  tenant: plainName.default("default"),
  roles: z.array(plainName).default([]),
  scopes: z.array(scopeName).default([]),
});

/** An address or a range of them. */
const proxy = z.string().superRefine((text, context) => {
  const message = wrongProxy(text);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

function wrongProxy(text: string): string | undefined {
  const [, address = "", prefix] = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0) return "is neither an address nor a range such as 10.0.1.0/24 or fd00:1::/64";
  if (/^::ffff:/i.test(address)) return "is IPv4 written as IPv6: write it as IPv4";
  if (prefix === undefined) return undefined;
  if (Number(prefix) === 0) return "is every address: anybody could bring anybody's certificate";
  const most = family === 4 ? 32 : 128;
  return Number(prefix) > most ? `may have ${most} bits behind the slash at most` : undefined;
}

const headers = [
  "x-amzn-mtls-clientcert",
  "x-amzn-mtls-clientcert-leaf",
  "client-cert",
  "x-forwarded-client-cert",
] as const;

const forwardedSettings = z
  .strictObject({
    proxies: z
      .array(proxy)
      .default([])
      .describe(
        "Proxies whose header of a client's certificate counts, by the address they connect from or a range of them (10.0.1.0/24); from anybody else it is ignored. Whoever can connect from there can be any client",
      ),
    header: z
      .enum(headers, { error: ({ input }) => `${JSON.stringify(input)} is none of ${headers.join(", ")}` })
      .optional()
      .describe(
        "The one header they write it into: x-amzn-mtls-clientcert or x-amzn-mtls-clientcert-leaf (Application Load Balancer), client-cert (RFC 9440), x-forwarded-client-cert (Envoy)",
      ),
  })
  .prefault({});

/** `auth.mtls`: callers known by their certificates. */
export const mtlsSettings = z
  .strictObject({
    caFile: z
      .string()
      .min(1)
      .optional()
      .describe(
        "PEM file of the authorities that sign clients' certificates, for auth.modes mtls; read anew when it changes",
      ),
    crlFile: z
      .string()
      .min(1)
      .optional()
      .describe(
        "PEM file of revoked certificates, one list for each authority; read anew when it changes. While it cannot be used or has ended, nobody is known by a certificate",
      ),
    use: z
      .enum(["caller", "factor"], {
        error: ({ input }) => `${JSON.stringify(input)} is neither caller nor factor`,
      })
      .default("caller")
      .describe(
        "What a certificate is: caller, it says who calls, as another mode would; or factor, every request must bring one, and a key, a token or a module says who calls",
      ),
    clients: z
      .array(client)
      .default([])
      .describe(
        "Callers by certificate (with use factor: certificates that may be used, by callers of their tenant; left out, all of the authorities): objects of id, certificate (URI:…, DNS:…, email:… of its alternative names, or subject:O=…/CN=…), tenant, roles, scopes",
      ),
    forwarded: forwardedSettings,
  })
  .prefault({});

type MtlsSettings = z.output<typeof mtlsSettings>;

/** Whether any of it is set. */
export function isMtlsSet({ caFile, crlFile, clients, forwarded, use }: MtlsSettings): boolean {
  const given = caFile ?? crlFile ?? clients[0] ?? forwarded.header ?? forwarded.proxies[0];
  return given !== undefined || use !== "caller";
}

/** What is wrong with it as a whole where `auth.modes` names mtls: which setting of `auth`, and why. */
export function wrongMtls(
  { caFile, clients, forwarded, use }: MtlsSettings,
  tls: z.output<typeof tlsSettings>,
): { path: string[]; message: string }[] {
  const wrong: { path: string[]; message: string }[] = [];
  const check = (isWrong: boolean, path: string[], message: string) => {
    if (isWrong) wrong.push({ path, message });
  };
  const { header, proxies } = forwarded;
  check(caFile === undefined, ["mtls", "caFile"], "is missing: auth.modes names mtls");
  const isFactor = use === "factor";
  check(clients.length === 0 && !isFactor, ["mtls", "clients"], "is empty: nobody could call");
  check(
    isFactor && clients.some(({ roles, scopes }) => roles.length + scopes.length > 0),
    ["mtls", "clients"],
    "has roles or scopes, and auth.mtls.use is factor: callers have those of their key or token",
  );
  check(
    tls.certFile === undefined && header === undefined && proxies.length === 0,
    ["modes"],
    "mtls needs http.tls.certFile and keyFile, or auth.mtls.forwarded where a proxy ends TLS",
  );
  const isHalf = (header === undefined) !== (proxies.length === 0);
  const missing = header === undefined ? "header" : "proxies";
  check(
    isHalf,
    ["mtls", "forwarded", missing],
    "is one of two: set auth.mtls.forwarded.proxies and auth.mtls.forwarded.header",
  );
  const names = clients.map(({ certificate }) => certificate);
  check(new Set(names).size < names.length, ["mtls", "clients"], "one certificate is of two clients");
  return wrong;
}

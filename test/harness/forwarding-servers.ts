import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { OutgoingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "./certificates.ts";
import { askWhoami, type WhoamiAnswer } from "./forwarding.ts";
import { type GuardedServer, startGuardedServer } from "./guarded-server.ts";

/** The address of the one configured proxy. */
export const proxy = "127.0.0.2";
/** The key of `key:default`. */
export const apiKey = "a-key-of-some-length-4711";
export const headerNames = [
  "x-amzn-mtls-clientcert",
  "x-amzn-mtls-clientcert-leaf",
  "client-cert",
  "x-forwarded-client-cert",
] as const;
export type HeaderName = (typeof headerNames)[number];

/** A server for each header that proxies write, over plain HTTP, and the certificates its callers have. */
export async function startForwardingServers() {
  const folder = await mkdtemp(join(tmpdir(), "sluice-forwarded-"));
  const root = createAuthority("Our root");
  const issuing = root.authorize({ subject: { CN: "Issuing" } });
  const file = async (name: string, content: string) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  const caFile = await file("ca.pem", root.cert);
  const authOf = async (header: string, proxies = [proxy]) => ({
    modes: ["mtls", "api_key"],
    apiKey,
    mtls: {
      caFile,
      clients: [
        { id: "agent", certificate: "URI:spiffe://acme/agent", tenant: "acme", roles: ["reader"] },
        { id: "batch", certificate: "subject:O=Acme/CN=batch" },
      ],
      forwarded: { proxies, header },
    },
  });
  const servers = new Map<string, GuardedServer>();
  for (const name of headerNames) servers.set(name, await startGuardedServer(await authOf(name)));
  const at = (name: HeaderName): GuardedServer => {
    const server = servers.get(name);
    if (!server) throw new Error(`There is no server for ${name}.`);
    return server;
  };
  return {
    ...{ root, issuing, file, authOf, at },
    /** Of the root itself. */
    agent: root.issue({ subject: { CN: "x" }, names: ["URI:spiffe://acme/agent"] }),
    /** Of an intermediate, which is in no file. */
    batch: issuing.issue({ subject: { O: "Acme", CN: "batch" } }),
    ask: (name: HeaderName, headers: OutgoingHttpHeaders, from = proxy): Promise<WhoamiAnswer> =>
      askWhoami(at(name).url, { from, headers }),
    /** Why the last caller was refused, as the log has it. */
    reason: (name: HeaderName): string => JSON.parse(at(name).logged.at(-1) ?? "{}").reason,
    async close() {
      await Promise.all([...servers.values()].map((server) => server.close()));
      await rm(folder, { recursive: true });
    },
  };
}

import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAuthority, der, extension } from "../harness/certificates.ts";
import { askWhoami } from "../harness/forwarding.ts";
import { type GuardedServer, startGuardedServer } from "../harness/guarded-server.ts";

const ours = createAuthority("Our authority");
const own = ours.issue({ subject: { CN: "localhost" }, names: ["IP:127.0.0.1"] });
const agent = ours.issue({ subject: { CN: "agent" }, names: ["URI:spiffe://acme/agent"] });

/** Issuing distribution point of certificates of users (1) or authorities (2) alone. Source: RFC 5280, section 5.2.5. */
const only = (kind: 1 | 2) => extension("551d1c", der(0x30, der(0x80 + kind, Buffer.from([0xff]))), true);
const listsWith = (revoked: (typeof agent)[]) =>
  ours.revoke(revoked, { extensions: [only(1)] }) + ours.revoke([], { extensions: [only(2)] });

let folder: string;
let server: GuardedServer;
const file = async (name: string, content: string) => {
  await writeFile(join(folder, `${name}.new`), content);
  await rename(join(folder, `${name}.new`), join(folder, name));
  return join(folder, name);
};
const authOf = async (forwarded: object) => ({
  modes: ["mtls"],
  mtls: {
    caFile: await file("ca.pem", ours.cert),
    crlFile: await file("crl.pem", listsWith([])),
    clients: [{ id: "agent", certificate: "URI:spiffe://acme/agent" }],
    ...forwarded,
  },
});
const http = async () => ({
  tls: { certFile: await file("cert.pem", own.cert), keyFile: await file("key.pem", own.key) },
});
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-partial-"));
  server = await startGuardedServer(await authOf({}), { http: await http() });
});
afterAll(() => Promise.all([server.close(), rm(folder, { recursive: true })]));

test("lists of some certificates each are followed on connections of our own", async () => {
  const { cert, key } = agent;
  const ask = async () => (await askWhoami(server.url, { ca: ours.cert, cert, key })).status;
  expect(await ask()).toBe(200);
  await file("crl.pem", listsWith([agent]));
  await expect.poll(ask).toBe(401);
  expect(server.logged.at(-1)).toContain("CERT_REVOKED");
});

test("behind a proxy they stop the start", async () => {
  const auth = await authOf({ forwarded: { proxies: ["127.0.0.2"], header: "client-cert" } });
  const starting = startGuardedServer(auth, { http: await http() });
  await expect(starting).rejects.toThrow("holds a list of some certificates only");
});

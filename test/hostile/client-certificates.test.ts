import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Certified, createAuthority } from "../harness/certificates.ts";
import { type GuardedServer, startGuardedServer } from "../harness/guarded-server.ts";
import { modernRequest } from "../harness/rpc.ts";

const ours = createAuthority("Our authority");
const theirs = createAuthority("Their authority");
const twin = createAuthority("Our authority");
const own = ours.issue({ subject: { CN: "localhost" }, names: ["DNS:localhost", "IP:127.0.0.1"] });
const agent = { subject: { CN: "whoever" }, names: ["URI:spiffe://acme/agent"] };
const revoked = ours.issue(agent);
const apiKey = "a-key-of-some-length-4711";

let folder: string;
let server: GuardedServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-mtls-"));
  const file = async (name: string, content: string) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  server = await startGuardedServer(
    {
      modes: ["mtls", "api_key"],
      apiKey,
      mtls: {
        caFile: await file("ca.pem", ours.cert),
        crlFile: await file("crl.pem", ours.revoke([revoked])),
        clients: [
          { id: "agent", certificate: "URI:spiffe://acme/agent", tenant: "acme", roles: ["reader"] },
          { id: "batch", certificate: "subject:O=Acme/CN=batch", tenant: "acme" },
          { id: "mail", certificate: "email:ada@acme.example", tenant: "acme" },
        ],
      },
    },
    {
      http: { tls: { certFile: await file("cert.pem", own.cert), keyFile: await file("key.pem", own.key) } },
    },
  );
});
afterAll(() => Promise.all([server.close(), rm(folder, { recursive: true })]));

interface Answer {
  status: number | undefined;
  output: unknown;
}

function whoami(client: Partial<Certified>, more: Record<string, string> = {}): Promise<Answer> {
  const { body, headers } = modernRequest("tools/call", { name: "echo_whoami", arguments: {} });
  const accept = "application/json, text/event-stream";
  return new Promise((resolve, reject) => {
    const sending = request(
      `${server.url}/mcp`,
      {
        method: "POST",
        ca: ours.cert,
        ...(client.cert !== undefined && { cert: client.cert, key: client.key }),
        agent: false,
        headers: { "content-type": "application/json", accept, ...headers, ...more },
      },
      async (incoming) => {
        const [, data = "{}"] = /^(?:data: )?(\{.*\})$/m.exec(await text(incoming)) ?? [];
        resolve({ status: incoming.statusCode, output: JSON.parse(data).result?.structuredContent });
      },
    );
    sending.on("error", reject);
    sending.end(JSON.stringify(body));
  });
}

test.each([
  ["a URI", agent, "mtls:agent", ["reader"]],
  ["a subject", { subject: { O: "Acme", CN: "batch" } }, "mtls:batch", []],
  ["an address", { subject: { CN: "x" }, names: ["email:ada@acme.example", "DNS:unknown"] }, "mtls:mail", []],
])("a caller is known by %s of its certificate", async (_what, certificate, id, roles) => {
  const { status, output } = await whoami(ours.issue(certificate));
  expect({ status, output }).toEqual({ status: 200, output: { id, tenantId: "acme", roles, via: "mtls" } });
});

test.each<[string, () => Partial<Certified>, string]>([
  ["of another authority", () => theirs.issue(agent), "not trusted"],
  ["of another authority of the same name", () => twin.issue(agent), "not trusted"],
  ["that was revoked", () => revoked, "CERT_REVOKED"],
  [
    "past its time",
    () => ours.issue({ ...agent, notAfter: new Date(Date.now() - 60_000) }),
    "CERT_HAS_EXPIRED",
  ],
  ["of nobody", () => ours.issue({ subject: { CN: "nobody" } }), "of no client"],
  [
    "of a name that only begins alike",
    () => ours.issue({ ...agent, names: ["URI:spiffe://acme/agent2"] }),
    "of no client",
  ],
  [
    "with the name of another kind",
    () => ours.issue({ ...agent, names: ["DNS:spiffe://acme/agent"] }),
    "of no client",
  ],
  [
    "with two names in one",
    () => ours.issue({ ...agent, names: ["DNS:x, URI:spiffe://acme/agent"] }),
    "of no client",
  ],
  ["with a subject in one value", () => ours.issue({ subject: { O: "Acme/CN=batch" } }), "of no client"],
  ["with a subject in two lines", () => ours.issue({ subject: { O: "Acme\nCN=batch" } }), "of no client"],
  [
    "of two callers",
    () => ours.issue({ subject: { O: "Acme", CN: "batch" }, names: agent.names }),
    "of two clients",
  ],
])("a certificate %s is refused", async (_what, certificate, reason) => {
  expect((await whoami(certificate())).status).toBe(401);
  expect(server.logged.at(-1)).toContain(reason);
});

test("a certificate in a header is nobody's word", async () => {
  const { cert } = ours.issue(agent);
  const forged = {
    "x-forwarded-client-cert": `Cert="${encodeURIComponent(cert)}";URI=spiffe://acme/agent`,
    "x-amzn-mtls-clientcert": encodeURIComponent(cert),
    "x-client-cert": encodeURIComponent(cert),
    "x-ssl-client-verify": "SUCCESS",
    "x-ssl-client-s-dn": "CN=batch,O=Acme",
  };
  expect((await whoami({}, forged)).status).toBe(401);
  expect(server.logged.at(-1)).toContain("no credentials");
});

test("beside a certificate another mode is for those without", async () => {
  expect((await whoami({}, { "x-api-key": apiKey })).output).toMatchObject({ id: "key:default" });
  expect((await whoami(ours.issue(agent), { "x-api-key": apiKey })).status).toBe(401);
  expect(server.logged.at(-1)).toContain("both api_key and mtls");
});

test("/summarize knows callers by their certificate too", async () => {
  const { cert, key } = ours.issue(agent);
  const statusWith = (client: Partial<Certified>) =>
    new Promise((resolve, reject) => {
      const options = { method: "POST", ca: ours.cert, agent: false, ...client };
      const sending = request(`${server.url}/summarize`, options, ({ statusCode }) => resolve(statusCode));
      sending.on("error", reject);
      sending.end("{");
    });
  expect(await statusWith({})).toBe(401);
  expect(await statusWith({ cert, key })).toBe(400);
});

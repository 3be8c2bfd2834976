import { once } from "node:events";
import { mkdtemp, rename, rm, unlink, writeFile } from "node:fs/promises";
import { Agent, type RequestOptions, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestOfKey } from "../../src/auth/api-keys.ts";
import { type Certified, createAuthority } from "../harness/certificates.ts";
import { albEncoded, askWhoami } from "../harness/forwarding.ts";
import { type GuardedServer, startGuardedServer } from "../harness/guarded-server.ts";
import { modernRequest } from "../harness/rpc.ts";

const ours = createAuthority("Our authority", { notAfter: new Date(Date.now() + 48 * 3_600_000) });
const next = createAuthority("Our next authority");
const ofServer = { subject: { CN: "localhost" }, names: ["DNS:localhost", "IP:127.0.0.1"] };
const own = ours.issue(ofServer);
const inADay = new Date(Date.now() + 24 * 3_600_000);
const agent = ours.issue({ subject: { CN: "agent" }, names: ["URI:spiffe://acme/agent"], notAfter: inADay });
const other = ours.issue({ subject: { CN: "other" }, names: ["URI:spiffe://acme/other"] });
const agentOfNext = next.issue({ subject: { CN: "agent" }, names: ["URI:spiffe://acme/agent"] });
const operatorKey = "operator-0123456789abcdef0123456789abcdef";
const proxy = "127.0.0.2";

let folder: string;
let server: GuardedServer;
let aheadMs = 0;
const at = (name: string) => join(folder, name);
/** As whoever renews a file does it well. */
const put = async (name: string, content: string) => {
  await writeFile(at(`${name}.new`), content);
  await rename(at(`${name}.new`), at(name));
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-renewed-"));
  aheadMs = 0;
  await put("ca.pem", ours.cert);
  await put("crl.pem", ours.revoke([]));
  await put("cert.pem", own.cert);
  await put("key.pem", own.key);
  server = await startGuardedServer(
    {
      modes: ["mtls", "api_key"],
      apiKeys: [
        { id: "ops", roles: ["operator"], keys: [`sha256:${digestOfKey(operatorKey).toString("hex")}`] },
      ],
      mtls: {
        caFile: at("ca.pem"),
        crlFile: at("crl.pem"),
        clients: [
          { id: "agent", certificate: "URI:spiffe://acme/agent" },
          { id: "other", certificate: "URI:spiffe://acme/other" },
        ],
        forwarded: { proxies: [proxy], header: "x-amzn-mtls-clientcert" },
      },
    },
    {
      http: { tls: { certFile: at("cert.pem"), keyFile: at("key.pem") } },
      dependencyReaders: ["operator"],
      now: () => Date.now() + aheadMs,
    },
  );
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

interface Answer {
  status: number | undefined;
  body: string;
  /** Of the client's end: another for another connection. */
  port: number | undefined;
}

const callBody = modernRequest("tools/call", { name: "echo_whoami", arguments: {} });

function send(path: string, options: RequestOptions, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sending = request(
      `${server.url}${path}`,
      { ca: [ours.cert, next.cert], ...options },
      (incoming) => {
        const port = incoming.socket.localPort;
        text(incoming).then((whole) => resolve({ status: incoming.statusCode, body: whole, port }), reject);
      },
    );
    sending.on("error", reject);
    sending.end(body);
  });
}

const headers = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  ...callBody.headers,
};

/** Somebody's calls, all on one connection while it is kept. */
function keeping({ cert, key }: Certified, keepAlive = true) {
  const kept = new Agent({ keepAlive, maxSockets: 1 });
  return () =>
    send("/mcp", { method: "POST", agent: kept, headers, cert, key }, JSON.stringify(callBody.body));
}
const askOnce = (client: Certified) => keeping(client, false)();

async function ready() {
  const { status, body } = await send("/health/ready", { headers: { "x-api-key": operatorKey } });
  return { status, ...JSON.parse(body).dependencies };
}

async function serialServed(): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket: TLSSocket = connect({ host: hostname, port: Number(port), ca: [ours.cert, next.cert] });
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber.toLowerCase();
}

const reason = () =>
  JSON.parse(server.logged.filter((line) => line.includes("caller refused")).at(-1) ?? "{}").reason;

test("a certificate that is revoked under a running server is refused, its connection cut, and nobody else's", async () => {
  const [asAgent, asOther] = [keeping(agent), keeping(other)];
  expect((await asAgent()).status).toBe(200);
  const { status, port } = await asOther();
  expect(status).toBe(200);
  await put("crl.pem", ours.revoke([agent]));
  await expect.poll(async () => (await askOnce(agent)).status).toBe(401);
  expect(reason()).toBe("certificate not trusted: CERT_REVOKED");
  expect(server.logged.join("")).toContain('"connectionsCut":1');
  await expect(
    asAgent().then(
      ({ status: now }) => now,
      () => "cut",
    ),
  ).resolves.not.toBe(200);
  expect(await asOther()).toMatchObject({ status: 200, port });
});

test("a stream that is open ends with the certificate of its connection", async () => {
  const { hostname, port } = new URL(server.url);
  const { cert, key } = agent;
  const socket = connect({ host: hostname, port: Number(port), ca: ours.cert, cert, key });
  await once(socket, "secureConnect");
  socket.resume();
  const ended = once(socket, "close");
  // A request whose body never ends is let in, and waited for.
  socket.write(
    `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{`,
  );
  await put("crl.pem", ours.revoke([agent]));
  await ended;
  expect(server.logged.join("")).toContain('"connectionsCut":1');
});

test("a certificate in a proxy's header is revoked by the same list", async () => {
  const ask = () =>
    askWhoami(server.url, {
      ca: ours.cert,
      from: proxy,
      headers: { "x-amzn-mtls-clientcert": albEncoded(agent.cert) },
    });
  expect((await ask()).status).toBe(200);
  await put("crl.pem", ours.revoke([agent]));
  await expect.poll(async () => (await ask()).status).toBe(401);
  expect(reason()).toBe("certificate not trusted: CERT_REVOKED");
});

test("a list that ends lets nobody in by a connection that is kept either, and the server is not ready", async () => {
  const asAgent = keeping(agent);
  const { port } = await asAgent();
  expect(await ready()).toMatchObject({ status: 200, "client certificates": { status: "ready" } });
  aheadMs = 2 * 3_600_000;
  expect(await asAgent()).toMatchObject({ status: 401, port });
  expect(reason()).toBe("certificate not trusted: CRL_HAS_EXPIRED");
  // What was looked at a moment ago is told until the next look.
  await expect.poll(async () => (await ready()).status).toBe(503);
  const { "client certificates": told } = await ready();
  expect(told.detail).toMatch(
    /^auth.mtls.crlFile: the list of CN=Our authority ended at 20.*Z\. Nobody is known/,
  );
  await expect.poll(() => server.logged.join("")).toContain("certificates cannot be used");
  await put("crl.pem", ours.revoke([], { nextUpdate: new Date(Date.now() + 47 * 3_600_000) }));
  await expect.poll(() => ready()).toMatchObject({ "client certificates": { status: "ready" } });
  expect(await asAgent()).toMatchObject({ status: 200, port });
  aheadMs = 25 * 3_600_000;
  expect(await asAgent()).toMatchObject({ status: 401, port });
  expect(reason()).toBe("certificate not trusted: CERT_HAS_EXPIRED");
});

test.each<[string, () => Promise<void>, string]>([
  ["is gone", () => unlink(at("crl.pem")), "cannot be read: ENOENT"],
  ["is empty", () => put("crl.pem", ""), "holds no list of revoked certificates"],
  [
    "is cut off",
    () => put("crl.pem", ours.revoke([]).slice(0, -40)),
    "holds no list of revoked certificates",
  ],
  [
    "is damaged",
    () => put("crl.pem", "-----BEGIN X509 CRL-----\nMAAA\n-----END X509 CRL-----\n"),
    "crl.pem: bytes follow the DER",
  ],
])("while the list %s nobody is known by a certificate, and others are", async (_what, spoil, why) => {
  const asAgent = keeping(agent);
  expect((await asAgent()).status).toBe(200);
  await spoil();
  await expect.poll(async () => (await askOnce(agent)).status).toBe(401);
  expect(reason()).toBe("certificate not trusted: auth.mtls.caFile or auth.mtls.crlFile cannot be used");
  const { status, "client certificates": told } = await ready();
  expect({ status, told: told.detail }).toEqual({ status: 503, told: expect.stringContaining(why) });
  const ofList = () => server.logged.filter((line) => line.includes("certificates cannot be used"));
  await expect.poll(ofList).toEqual([expect.stringContaining(why)]);
  const byKey = await send(
    "/mcp",
    { method: "POST", headers: { ...headers, "x-api-key": operatorKey } },
    JSON.stringify(callBody.body),
  );
  expect(byKey.status).toBe(200);
  await put("crl.pem", ours.revoke([]));
  await expect.poll(async () => (await askOnce(agent)).status).toBe(200);
  await expect.poll(() => server.logged.join("")).toContain("certificates can be used again");
});

test("authorities are renewed: a new one is known, one that is taken away is no more", async () => {
  const asAgent = keeping(agent);
  expect((await asAgent()).status).toBe(200);
  expect((await askOnce(agentOfNext)).status).toBe(401);
  await put("crl.pem", `${ours.revoke([])}${next.revoke([])}`);
  await put("ca.pem", `${ours.cert}${next.cert}`);
  await expect.poll(async () => (await askOnce(agentOfNext)).status).toBe(200);
  const asAgentOfNext = keeping(agentOfNext);
  const { port } = await asAgentOfNext();
  expect((await asAgent()).status).toBe(200);
  await put("ca.pem", next.cert);
  await expect.poll(async () => (await askOnce(agent)).status).toBe(401);
  await expect(
    asAgent().then(
      ({ status }) => status,
      () => "cut",
    ),
  ).resolves.not.toBe(200);
  expect(await asAgentOfNext()).toMatchObject({ status: 200, port });
});

test("the server's own certificate is renewed; one without its key is not, and the one before goes on", async () => {
  const renewed = next.issue(ofServer);
  const asAgent = keeping(agent);
  const { port } = await asAgent();
  expect(await serialServed()).toBe(own.serial.toString("hex"));
  await put("cert.pem", renewed.cert);
  await expect
    .poll(() => ready())
    .toMatchObject({
      status: 200,
      "server certificate": { status: "ready", detail: expect.stringContaining("VALUES_MISMATCH") },
    });
  expect(await serialServed()).toBe(own.serial.toString("hex"));
  expect((await askOnce(other)).status).toBe(200);
  await put("key.pem", renewed.key);
  await expect.poll(() => serialServed()).toBe(renewed.serial.toString("hex"));
  expect(await ready()).toMatchObject({ "server certificate": { status: "ready" } });
  expect(await asAgent()).toMatchObject({ status: 200, port });
  expect((await askOnce(agent)).status).toBe(200);
});

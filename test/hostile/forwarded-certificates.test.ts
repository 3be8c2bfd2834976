import type { OutgoingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { checkIdentity } from "../../src/commands/doctor/identity.ts";
import { createAuthority, der, extension } from "../harness/certificates.ts";
import { albEncoded, askWhoami, byteSequence } from "../harness/forwarding.ts";
import {
  apiKey,
  type HeaderName,
  headerNames,
  proxy,
  startForwardingServers,
} from "../harness/forwarding-servers.ts";
import { settingsOf, startGuardedServer } from "../harness/guarded-server.ts";

const servers = await startForwardingServers();
afterAll(() => servers.close());
const { root, issuing, agent, batch, file, authOf, at, ask, reason } = servers;
const url = encodeURIComponent;
const chainOfBatch = `${batch.cert}${issuing.cert}`;
const alb = "x-amzn-mtls-clientcert";
const good = url(agent.cert);

const wellFormed: [string, HeaderName, OutgoingHttpHeaders, string][] = [
  [
    "a load balancer's",
    "x-amzn-mtls-clientcert",
    { "x-amzn-mtls-clientcert": albEncoded(agent.cert) },
    "mtls:agent",
  ],
  [
    "its chain",
    "x-amzn-mtls-clientcert",
    { "X-Amzn-Mtls-Clientcert": albEncoded(chainOfBatch) },
    "mtls:batch",
  ],
  ["wholly encoded", "x-amzn-mtls-clientcert", { "x-amzn-mtls-clientcert": url(agent.cert) }, "mtls:agent"],
  [
    "with lines of Windows",
    "x-amzn-mtls-clientcert",
    { "x-amzn-mtls-clientcert": url(agent.cert.replaceAll("\n", "\r\n")) },
    "mtls:agent",
  ],
  [
    "a verifying load balancer's",
    "x-amzn-mtls-clientcert-leaf",
    { "x-amzn-mtls-clientcert-leaf": albEncoded(agent.cert) },
    "mtls:agent",
  ],
  ["RFC 9440's", "client-cert", { "Client-Cert": byteSequence(agent.cert) }, "mtls:agent"],
  [
    "RFC 9440's with chain",
    "client-cert",
    {
      "Client-Cert": byteSequence(batch.cert),
      "Client-Cert-Chain": `${byteSequence(issuing.cert)}, ${byteSequence(root.cert)}`,
    },
    "mtls:batch",
  ],
  [
    "RFC 9440's with a chain in two fields",
    "client-cert",
    {
      "Client-Cert": byteSequence(batch.cert),
      "Client-Cert-Chain": [byteSequence(issuing.cert), byteSequence(root.cert)],
    },
    "mtls:batch",
  ],
  [
    "Envoy's",
    "x-forwarded-client-cert",
    { "x-forwarded-client-cert": `Cert="${url(agent.cert)}"` },
    "mtls:agent",
  ],
  [
    "Envoy's with chain",
    "x-forwarded-client-cert",
    { "x-forwarded-client-cert": `Hash=ab;cert="${url(batch.cert)}";CHAIN="${url(chainOfBatch)}"` },
    "mtls:batch",
  ],
  [
    "Envoy's chain alone",
    "x-forwarded-client-cert",
    { "x-forwarded-client-cert": `Chain="${url(chainOfBatch)}"` },
    "mtls:batch",
  ],
  [
    "Envoy's of several hops",
    "x-forwarded-client-cert",
    {
      "x-forwarded-client-cert": `By=spiffe://a;Cert="${url(batch.cert)}";Subject="CN=a, \\",;Cert=x",By=spiffe://b;Cert="${url(agent.cert)}"`,
    },
    "mtls:agent",
  ],
  [
    "Envoy's with a subject in which separators stand",
    "x-forwarded-client-cert",
    {
      "x-forwarded-client-cert": `By=spiffe://b;Cert="${url(agent.cert)}";Subject="CN=\\",Cert=\\"${url(batch.cert)}\\"";URI=spiffe://a?b=c;DNS=a.example;DNS=b.example`,
    },
    "mtls:agent",
  ],
];

test.each(wellFormed)(
  "a certificate is taken from a configured proxy: %s",
  async (_what, name, headers, id) => {
    expect((await ask(name, headers)).output).toMatchObject({ id, via: "mtls" });
  },
);

test.each(wellFormed)("from anybody else it is as if absent: %s", async (_what, name, headers) => {
  const claims = { "x-forwarded-for": proxy, "x-real-ip": proxy, forwarded: `for=${proxy}` };
  for (const from of ["127.0.0.1", "127.0.0.3"]) {
    const refused = await ask(name, { ...headers, ...claims }, from);
    expect({ status: refused.status, reason: reason(name) }).toEqual({
      status: 401,
      reason: "no credentials",
    });
    expect(refused.body).toBe((await ask(name, {}, from)).body);
    const known = await ask(name, { ...headers, "x-api-key": apiKey }, from);
    expect(known.output).toMatchObject({ id: "key:default" });
  }
});

test.each(wellFormed)("no other form is looked at: %s", async (_what, name, headers) => {
  for (const other of headerNames.filter((each) => each !== name)) {
    expect((await ask(other, headers)).status).toBe(401);
    expect(reason(other)).toBe("no credentials");
  }
});

test("an empty header is none: the proxy had no certificate", async () => {
  expect((await ask(alb, { [alb]: "", "x-api-key": apiKey })).output).toMatchObject({ id: "key:default" });
  expect((await ask(alb, { [alb]: "" })).status).toBe(401);
  expect(reason(alb)).toBe("no credentials");
});

test("each request on a proxy's connection is of its own client", async () => {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(at(alb).url).port), localAddress: proxy });
  const send = (...headers: string[]) =>
    socket.write(
      ["POST /summarize HTTP/1.1", "host: localhost", ...headers, "content-length: 1", "", "{"].join("\r\n"),
    );
  const forged = createAuthority("Their root").issue({
    subject: { CN: "x" },
    names: ["URI:spiffe://acme/agent"],
  });
  send(`${alb}: ${good}`);
  send();
  send(`${alb}: ${url(forged.cert)}`);
  send(`${alb}: ${good}`, "connection: close");
  const answers = await text(socket);
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(
    ["400", "401", "401", "400"].map((code) => `HTTP/1.1 ${code}`),
  );
});

test("a line break in a header is no header of mine", async () => {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(at(alb).url).port), localAddress: proxy });
  socket.end(
    `POST /mcp HTTP/1.1\r\nhost: localhost\r\n${alb}: ${good}\r\n ${good}\r\ncontent-length: 0\r\n\r\n`,
  );
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 400/);
});

test("health is open to everybody, with whatever header", async () => {
  for (const path of ["/health", "/health/ready"]) {
    const answer = await fetch(`${at(alb).url}${path}`, { headers: { [alb]: "x" } });
    expect(answer.status).toBe(200);
  }
});

test("a range names proxies, and IPv4 on a socket of both families is IPv4", async () => {
  const both = await startGuardedServer(await authOf(alb, ["127.0.0.2/31", "::1"]), { http: { host: "::" } });
  const { port } = new URL(both.url);
  const statusOf = async (host: string, from: string) =>
    (await askWhoami(`http://${host}:${port}`, { from, headers: { [alb]: good } })).status;
  expect(await statusOf("127.0.0.1", "127.0.0.2")).toBe(200);
  expect(await statusOf("127.0.0.1", "127.0.0.3")).toBe(200);
  expect(await statusOf("127.0.0.1", "127.0.0.1")).toBe(401);
  expect(await statusOf("[::1]", "::1")).toBe(200);
  await both.close();
});

test("a proxy's own certificate is not its clients'", async () => {
  const own = root.issue({ subject: { CN: "localhost" }, names: ["IP:127.0.0.1"] });
  const tls = { certFile: await file("cert.pem", own.cert), keyFile: await file("key.pem", own.key) };
  const secure = await startGuardedServer(await authOf(alb), { http: { tls } });
  const withOwn = { ca: root.cert, cert: agent.cert, key: agent.key };
  const askSecure = (from: string, headers: OutgoingHttpHeaders) =>
    askWhoami(secure.url, { ...withOwn, from, headers });
  expect((await askSecure(proxy, {})).status).toBe(401);
  expect((await askSecure(proxy, { [alb]: url(chainOfBatch) })).output).toMatchObject({ id: "mtls:batch" });
  expect((await askSecure("127.0.0.1", { [alb]: url(chainOfBatch) })).output).toMatchObject({
    id: "mtls:agent",
  });
  await secure.close();
});

test("files that cannot be gone by stop the start, and the doctor says so", async () => {
  const settings = await authOf(alb);
  const start = async (mtls: object) =>
    startGuardedServer({ ...settings, mtls: { ...settings.mtls, ...mtls } });
  const partial = root.revoke([], { extensions: [extension("551d1c", der(0x30), true)] });
  await expect(start({ caFile: await file("leaf.pem", agent.cert) })).rejects.toThrow("holds no root");
  await expect(start({ caFile: "/nowhere/none.pem" })).rejects.toThrow("cannot be read: ENOENT");
  await expect(start({ crlFile: await file("not.pem", root.cert) })).rejects.toThrow("holds no list");
  await expect(start({ crlFile: await file("partial.pem", partial) })).rejects.toThrow(
    "of some certificates only",
  );
  const { mtls } = settings;
  const checks = await checkIdentity(
    await settingsOf({ ...settings, mtls: { ...mtls, caFile: await file("leaf.pem", agent.cert) } }, {}),
  );
  expect(checks).toMatchObject([{ message: expect.stringContaining("auth.mtls.caFile") }]);
});

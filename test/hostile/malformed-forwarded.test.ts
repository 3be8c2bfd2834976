import type { OutgoingHttpHeaders } from "node:http";
import { afterAll, expect, test } from "vitest";
import { createAuthority, der, extension } from "../harness/certificates.ts";
import { albEncoded, byteSequence, derOf } from "../harness/forwarding.ts";
import { apiKey, type HeaderName, startForwardingServers } from "../harness/forwarding-servers.ts";

const servers = await startForwardingServers();
afterAll(() => servers.close());
const { root, issuing, agent, batch, ask, reason } = servers;
const url = encodeURIComponent;
const chainOfBatch = `${batch.cert}${issuing.cert}`;
const pem = agent.cert;
const alb = "x-amzn-mtls-clientcert";
const leaf = "x-amzn-mtls-clientcert-leaf";
const xfcc = "x-forwarded-client-cert";
const good = url(pem);
const hidden = root.issue({
  subject: { CN: "nobody" },
  extensions: [extension("2a0304", der(0x0c, Buffer.from(`\n${pem}`)))],
});
const withTail = Buffer.concat([derOf(pem), Buffer.from([0])]).toString("base64");
const wrapped = (base64: string) => `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;

const malformed: [string, HeaderName, OutgoingHttpHeaders, string][] = [
  ["no PEM", alb, { [alb]: "agent" }, "text follows the PEM"],
  ["PEM that is not encoded", alb, { [alb]: pem.replaceAll("\n", " ") }, "is not URL-encoded"],
  ["percent and no digits", alb, { [alb]: `${good}%` }, "is not URL-encoded"],
  ["percent and letters", alb, { [alb]: `%zz${good}` }, "is not URL-encoded"],
  ["broken UTF-8", alb, { [alb]: `%ff${good}` }, "is not URL-encoded"],
  ["encoded twice", alb, { [alb]: url(good) }, "text follows the PEM"],
  ["text before", alb, { [alb]: `${url("subject=CN\r\n")}${good}` }, "the PEM is malformed"],
  ["text behind", alb, { [alb]: `${good}x` }, "text follows the PEM"],
  ["a NUL behind", alb, { [alb]: `${good}%00` }, "text follows the PEM"],
  ["a header of its own behind", alb, { [alb]: `${good}%0d%0ax-api-key:%20${apiKey}` }, "is not URL-encoded"],
  ["no end", alb, { [alb]: url(pem.replace("-----END CERTIFICATE-----\n", "")) }, "text follows the PEM"],
  ["a key", alb, { [alb]: url(agent.key) }, "text follows the PEM"],
  ["another label", alb, { [alb]: url(pem.replaceAll(" CERT", " TRUSTED CERT")) }, "text follows the PEM"],
  [
    "half a certificate",
    alb,
    { [alb]: url(wrapped(derOf(pem).subarray(0, 99).toString("base64"))) },
    "no certificate",
  ],
  ["a byte behind a certificate", alb, { [alb]: url(wrapped(withTail)) }, "more than a certificate"],
  ["broken base64", alb, { [alb]: url(wrapped("MII=MII")) }, "base64 is malformed"],
  ["blanks in base64", alb, { [alb]: url(pem.replace("MII", "MI I")) }, "PEM is malformed"],
  ["a good one and a broken one", alb, { [alb]: `${good}${url(wrapped("MIIB"))}` }, "no certificate"],
  ["nine", alb, { [alb]: albEncoded(pem.repeat(9)) }, "has more than 8 certificates"],
  ["33 KB", alb, { [alb]: "A".repeat(33_000) }, "is longer than 32768 bytes"],
  ["two headers", alb, { [alb]: [good, good] }, "comes more than once"],
  ["two headers of which one is empty", alb, { [alb]: ["", good] }, "comes more than once"],
  ["a certificate within another", alb, { [alb]: url(hidden.cert) }, "more than a certificate"],
  ["two where one is due", leaf, { [leaf]: url(chainOfBatch) }, "has not one certificate"],
  ["two leaves", leaf, { [leaf]: [good, good] }, "comes more than once"],
  ["no colons", "client-cert", { "client-cert": derOf(pem).toString("base64") }, "no byte sequence"],
  [
    "two items",
    "client-cert",
    { "client-cert": `${byteSequence(pem)}, ${byteSequence(pem)}` },
    "no byte sequence",
  ],
  [
    "two fields",
    "client-cert",
    { "client-cert": [byteSequence(pem), byteSequence(pem)] },
    "comes more than once",
  ],
  ["PEM in colons", "client-cert", { "client-cert": `:${good}:` }, "base64 is malformed"],
  ["a chain of nobody", "client-cert", { "client-cert-chain": byteSequence(pem) }, "no byte sequence"],
  [
    "a broken chain",
    "client-cert",
    { "client-cert": byteSequence(pem), "client-cert-chain": `${byteSequence(root.cert)},` },
    "no byte sequence",
  ],
  [
    "34 KB in two fields",
    "client-cert",
    { "client-cert": byteSequence(pem), "client-cert-chain": `:${"A".repeat(34_000)}:` },
    "is longer than 32768 bytes",
  ],
  ["no pairs", xfcc, { [xfcc]: good }, "is malformed"],
  ["an open quote", xfcc, { [xfcc]: `Cert="${good}` }, "is malformed"],
  ["text behind a quote", xfcc, { [xfcc]: `Cert="${good}"x` }, "is malformed"],
  ["a comma at the end", xfcc, { [xfcc]: `Cert="${good}",` }, "is malformed"],
  ["blanks by the thousand", xfcc, { [xfcc]: `Cert=${" ".repeat(30_000)}"` }, "is malformed"],
  ["backslashes by the thousand", xfcc, { [xfcc]: `Cert="${"\\".repeat(30_001)}` }, "is malformed"],
  ["Cert twice", xfcc, { [xfcc]: `Cert="${good}";cert="${url(batch.cert)}"` }, "has cert twice"],
  [
    "no certificate in the last element",
    xfcc,
    { [xfcc]: `Cert="${good}",By=spiffe://b;Hash=ab` },
    "has no certificate",
  ],
  ["names alone", xfcc, { [xfcc]: "Hash=ab;URI=spiffe://acme/agent" }, "has no certificate"],
  ["two in Cert", xfcc, { [xfcc]: `Cert="${url(chainOfBatch)}"` }, "has not one certificate"],
  ["two of Envoy's headers", xfcc, { [xfcc]: [`Cert="${good}"`, `Cert="${good}"`] }, "comes more than once"],
];

test.each(malformed)("refused, whatever else it brings: %s", async (_what, name, headers, why) => {
  const startedMs = performance.now();
  const refused = await ask(name, headers);
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  const stated = reason(name);
  expect({ status: refused.status, stated }).toEqual({ status: 401, stated: expect.stringContaining(why) });
  expect(stated).toMatch(/^certificate not trusted: header [a-z-]+: [a-zA-Z0-9., -]+$/);
  expect(JSON.parse(refused.body).error.message).toBe("The credentials are not accepted.");
  await ask(name, { ...headers, "x-api-key": apiKey });
  expect(reason(name)).toBe("both api_key and mtls");
});

test("what is not trusted is answered as what is malformed", async () => {
  const forged = createAuthority("Their root").issue({
    subject: { CN: "x" },
    names: ["URI:spiffe://acme/agent"],
  });
  const untrusted = await ask(alb, { [alb]: url(forged.cert) });
  expect(reason(alb)).toBe("certificate not trusted: UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
  const broken = await ask(alb, { [alb]: "x" });
  expect([untrusted.status, untrusted.body]).toEqual([broken.status, broken.body]);
});

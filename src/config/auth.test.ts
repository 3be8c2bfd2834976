import { expect, test } from "vitest";
import { loadConfig } from "./load.ts";

const issuer = "https://login.example.org/";
const jwt = { issuer, clientIds: ["agent"] };
const hash = `sha256:${"0".repeat(64)}`;

function load(auth: unknown, env: Record<string, string> = {}) {
  return loadConfig({
    argv: [],
    surroundings: {
      env: { SLUICE_AUTH: JSON.stringify(auth), ...env },
      cwd: "/srv",
      home: "/home/ada",
      os: "linux",
      cpuCount: 2,
      memoryBytes: 4e9,
    },
  });
}

test.each([
  [{ modes: ["mtls"] }, "auth.mtls.caFile: is missing"],
  [{ modes: ["mtls"] }, "mtls needs http.tls.certFile"],
  [{ modes: ["mtls"], mtls: { clients: [{ id: "a", certificate: "CN=a" }] } }, "is none of URI:"],
  [{ mtls: { forwarded: { proxies: ["10.0.0.1"] } } }, "auth.modes does not name mtls"],
  [
    { modes: ["mtls"], mtls: { forwarded: { proxies: ["10.0.0.1"] } } },
    "auth.mtls.forwarded.header: is one of two",
  ],
  [
    { modes: ["mtls"], mtls: { forwarded: { header: "client-cert" } } },
    "auth.mtls.forwarded.proxies: is one of two",
  ],
  [
    { modes: ["mtls"], mtls: { forwarded: { header: "x-client-cert" } } },
    '"x-client-cert" is none of x-amzn-',
  ],
  ...[
    ["alb.example.org", "is neither an address nor a range"],
    ["10.0.0", "is neither an address nor a range"],
    ["10.0.0.01", "is neither an address nor a range"],
    ["fe80::1%eth0", "is neither an address nor a range"],
    ["10.0.0.0/", "is neither an address nor a range"],
    ["10.0.0.0/33", "may have 32 bits"],
    ["fd00::/129", "may have 128 bits"],
    ["0.0.0.0/0", "is every address"],
    ["::/0", "is every address"],
    ["::ffff:10.0.0.0/104", "write it as IPv4"],
  ].map(([proxy, says]): [object, string] => [
    { modes: ["mtls"], mtls: { forwarded: { proxies: [proxy] } } },
    says ?? "",
  ]),
  [{ modes: ["iam"] }, "auth.iam.clients: is empty"],
  [{ iam: { clients: [{ arn: "arn:aws:iam::123456789012:role/a" }] } }, "auth.modes does not name iam"],
  [{ modes: ["iam"], iam: { clients: [{ arn: "arn:aws:iam::*:role/a" }] } }, "* stands for nothing here"],
  [{ modes: ["iam"], iam: { clients: [{ arn: "ada" }] } }, "is none of arn:aws:iam::"],
  ...["iam::123456789012:role/*", "iam::123456789012:role/team-*", "iam::123456789012:role/*/a"].map(
    (arn): [object, string] => [
      { modes: ["iam"], iam: { clients: [{ arn: `arn:aws:${arn}` }] } },
      "* stands for nothing",
    ],
  ),
  [
    { modes: ["iam"], iam: { clients: [{ arn: "arn:aws:sts::123456789012:role/a" }] } },
    "is none of arn:aws:iam::",
  ],
  [
    { modes: ["iam"], iam: { clients: [{ arn: "arn:aws:iam::123456789012:assumed-role/a/b" }] } },
    "is none of arn:aws:iam::",
  ],
  [
    {
      modes: ["iam"],
      iam: {
        clients: ["role/team/a", "role/a"].map((name) => ({ arn: `arn:aws:iam::123456789012:${name}` })),
      },
    },
    "one ARN is of two clients",
  ],
  [{ modes: ["apikey"] }, '"apikey" is none of none, api_key, jwt, mtls, iam, module'],
  [{ modes: ["none", "jwt"], jwt }, "none cannot stand beside other modes"],
  [{ modes: ["api_key"] }, "api_key needs auth.apiKeys"],
  [{ apiKeys: [{ id: "ci", keys: [hash] }] }, "auth.modes does not name api_key: it would not be checked"],
  [{ modes: ["jwt"] }, "auth.jwt.issuer: is missing"],
  [{ jwt }, "auth.modes does not name jwt"],
  [{ modes: ["jwt"], jwt: { issuer } }, "any token of the issuer would be accepted"],
  [{ modes: ["jwt"], jwt: { ...jwt, issuer: "http://login.example.org" } }, "must start with https://"],
  [{ modes: ["jwt"], jwt: { ...jwt, issuer: "https://a:b@login.example.org" } }, "must not hold credentials"],
  [{ modes: ["jwt"], jwt: { ...jwt, algorithms: ["HS256"] } }, "is none of RS256"],
  [{ modes: ["jwt"], jwt: { ...jwt, algorithms: ["none"] } }, "is none of RS256"],
  [{ modes: ["jwt"], jwt: { ...jwt, algorithms: [] } }, "auth.jwt.algorithms"],
  [{ modes: ["jwt"], jwt: { ...jwt, clockToleranceMs: "1h" } }, "may be 5m at most"],
  [{ modes: ["module"] }, "auth.module: is missing"],
  [{ modes: ["api_key"], apiKeys: [{ id: "ci", keys: ["the-key-itself-in-the-clear"] }] }, "neither sha256:"],
  [{ modes: ["api_key"], apiKeys: [{ id: "ci", keys: [] }] }, "auth.apiKeys item 1"],
  [{ modes: ["api_key"], apiKeys: [{ id: "ci", keys: [hash, hash, hash] }] }, "two keys at most"],
  [{ modes: ["api_key"], apiKeys: [{ id: "c\ni", keys: [hash] }] }, "holds letters"],
  [{ modes: ["api_key"], apiKeys: [{ id: "ci", keys: [hash], expiresAt: "soon" }] }, "is no time"],
  [
    {
      modes: ["api_key"],
      apiKeys: [
        { id: "ci", keys: [hash] },
        { id: "ci", keys: [hash] },
      ],
    },
    "two keys have one id",
  ],
])("%j is refused", async (auth, says) => {
  await expect(load(auth)).rejects.toThrow(says);
});

test("what is refused is not written out", async () => {
  const error = await load({ modes: ["api_key"], apiKeys: [{ id: "ci", keys: ["in-the-clear"] }] }).catch(
    String,
  );
  expect(error).not.toContain("in-the-clear");
});

test("API_KEY is a key, and is hidden", async () => {
  const { settings, effective } = await load({}, { API_KEY: "of-an-older-system" });
  expect(settings.auth.apiKey).toBe("of-an-older-system");
  expect(effective.find(({ path }) => path === "auth.apiKey")).toMatchObject({
    value: "(hidden)",
    origin: { kind: "variable", name: "API_KEY" },
  });
});

test("a server's settings can be tried on loopback by naming the mode none alone", async () => {
  const { settings } = await load({ modes: ["none"], jwt, module: "auth.mjs" });
  expect(settings.auth).toMatchObject({ modes: ["none"], module: "/srv/auth.mjs" });
});

const tenants = { acme: { roleArn: "arn:aws:iam::123456789012:role/a", buckets: ["lake"] } };
const withTenants = (auth: unknown, more = {}) =>
  load(auth, { SLUICE_TENANTS: JSON.stringify({ ...tenants, ...more }) });

test.each([
  [{ modes: ["api_key"], apiKeys: [{ id: "ci", tenant: "acem", keys: [hash] }] }, 'did you mean "acme"?'],
  [
    { modes: ["api_key"], apiKeys: [{ id: "ci", keys: [hash] }] },
    'auth.apiKeys (SLUICE_AUTH): there is no tenant "default"',
  ],
  [{ modes: ["api_key"], apiKey: "a-key-of-some-length-4711" }, "auth.apiKey (SLUICE_AUTH): "],
  [
    { modes: ["iam"], iam: { clients: [{ arn: "arn:aws:iam::123456789012:role/a" }] } },
    'auth.iam.clients (SLUICE_AUTH): there is no tenant "default"',
  ],
  [{ modes: ["jwt"], jwt }, "auth.jwt.claims.tenant: is missing: tenants are set"],
])("with tenants %j is refused: nobody is of one by leaving it out", async (auth, says) => {
  await expect(withTenants(auth)).rejects.toThrow(says);
});

test("with tenants callers are of those, and of one that is named default like of any other", async () => {
  const claims = { tenant: "tenant_id" };
  const apiKeys = [{ id: "ci", tenant: "acme", keys: [hash] }];
  await withTenants({ modes: ["jwt", "api_key"], jwt: { ...jwt, claims }, apiKeys });
  await load({ modes: ["jwt"], jwt }, { SLUICE_TENANTS: JSON.stringify({ default: tenants.acme }) });
  await expect(withTenants({ modes: ["jwt"], jwt }, { default: tenants.acme })).rejects.toThrow(
    "claims.tenant",
  );
});

test("behind a proxy that passes certificates on, mtls needs no TLS of its own", async () => {
  const clients = [{ id: "agent", certificate: "DNS:agent.example" }];
  const forwarded = {
    proxies: ["10.0.1.0/24", "fd00:1::/64", "192.0.2.7"],
    header: "x-amzn-mtls-clientcert",
  };
  const { settings } = await load({ modes: ["mtls"], mtls: { caFile: "ca.pem", clients, forwarded } });
  expect(settings.auth.mtls.forwarded).toEqual(forwarded);
  const byVariables = await load(
    { modes: ["mtls"], mtls: { caFile: "ca.pem", clients } },
    {
      SLUICE_AUTH_MTLS_FORWARDED_PROXIES: "10.0.1.0/24,fd00:1::/64,192.0.2.7",
      SLUICE_AUTH_MTLS_FORWARDED_HEADER: "x-amzn-mtls-clientcert",
    },
  );
  expect(byVariables.settings.auth.mtls.forwarded).toEqual(forwarded);
});

import { describe, expect, test } from "vitest";
import { createLog } from "./log.ts";
import { redactText } from "./redact-text.ts";

function capture(level: "info" | "debug" | "silent" = "info") {
  const lines: string[] = [];
  return { lines, log: createLog({ level, write: (line) => lines.push(line) }) };
}

function logged(fields: Record<string, unknown>): Record<string, unknown> {
  const { lines, log } = capture();
  log.info("happened", fields);
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? "");
}

test("an event is one line of JSON with level, time and event", () => {
  const { time, ...rest } = logged({ tool: "lake_query", durationMs: 12 });
  expect(rest).toEqual({ level: "info", event: "happened", tool: "lake_query", durationMs: 12 });
  expect(time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test("events below the level are not written", () => {
  const { lines, log } = capture();
  log.debug("quiet");
  capture("silent").log.error("none");
  expect(lines).toEqual([]);
});

test.each([
  ["line ends", "a\r\nb\nc\rd"],
  ["Unicode line ends", "a\u2028b\u2029c\u0085d"],
  ["ANSI escapes", "\u001b[2Jhidden\u009b31m"],
  ["direction marks", "\u202egnp.exe\u2066"],
  ["a forged event", '"}\n{"level":"info","event":"forged"}'],
  ["a lone surrogate", "\ud800"],
])("%s stay inside one line, and come back as they were", (_what, text) => {
  const { lines, log } = capture();
  log.info(text, { [text]: text });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029\u202e\u2066]/u);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ event: text, [text]: text });
});

describe("secrets are hidden", () => {
  test.each([
    ["by name", { headers: { Authorization: "Basic abc", "x-api-key": "k3y" }, sessionToken: "s", ok: 1 }],
    ["as access key ids", { message: "key AKIAIOSFODNN7EXAMPLE is wrong" }],
    ["as bearer tokens", { message: "sent Bearer eyJhbGciOi.abc.def" }],
    [
      "in presigned URLs",
      { url: "https://b.s3.amazonaws.com/k?X-Amz-Signature=deadbeef&X-Amz-Credential=AKIA%2F1" },
    ],
    ["in URLs with a password", { url: "http://ada:k3y@example.org/" }],
    [
      "in errors and their causes",
      { error: new Error("x", { cause: new Error("http://ada:k3y@example.org/") }) },
    ],
  ])("%s", (_how, fields) => {
    const text = JSON.stringify(logged(fields));
    expect(text).toContain("[hidden]");
    expect(text).not.toMatch(/abc\b|k3y|AKIA|deadbeef|"s"/);
  });

  test.each([
    ["as private keys", { message: "-----BEGIN EC PRIVATE KEY-----\nk3y\n-----END EC PRIVATE KEY-----" }],
    ["as JSON Web Tokens", { message: "got eyJhbGciOiJub25lIn0.eyJrM3kiOjEyMzQ1fQ.k3y" }],
    ["in connection strings", { message: "postgresql://ada:k3y@db/x, Server=db;Password=k3y;" }],
  ])("%s, in any text", (_how, fields) => {
    const text = JSON.stringify(logged(fields));
    expect(text).toContain("[hidden]");
    expect(text).not.toMatch(/k3y|eyJ/);
  });

  test.each(["eyJ-", "a://a:", "sk-", "password", "-----BEGIN PRIVATE KEY-----", "Bearer ", "pwd=pwd:"])(
    "in a moment, also in megabytes of %s",
    (part) => {
      const startedMs = performance.now();
      logged({ message: part.repeat(1_000_000 / part.length) });
      expect(performance.now() - startedMs).toBeLessThan(2_000);
    },
  );

  test("and what only sounds alike is kept", () => {
    expect(logged({ continuationToken: "c", tokens: 12, keyCount: 3 })).toMatchObject({
      continuationToken: "c",
      tokens: 12,
      keyCount: 3,
    });
  });
});

test("an error is written with its stack, fields and causes", () => {
  const error = Object.assign(new Error("outer", { cause: new TypeError("inner") }), { code: "denied" });
  expect(logged({ error }).error).toMatchObject({
    message: "outer",
    code: "denied",
    stack: expect.stringContaining("log.test.ts"),
    cause: { name: "TypeError", message: "inner" },
  });
});

test("huge, deep, circular and hostile values are bounded", () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const throwing = {
    get bad(): string {
      throw new Error("no");
    },
  };
  expect(
    JSON.stringify(logged({ text: "x".repeat(1e6), list: Array(1e5).fill(1), circular })).length,
  ).toBeLessThan(10_000);
  expect(logged({ throwing, kept: 1 })).toMatchObject({
    throwing: { bad: "[could not be read]" },
    kept: 1,
  });
  expect(logged({ n: 1n, f: () => 1, date: new Date(Number.NaN), bytes: new Uint8Array(3) })).toMatchObject({
    n: "1",
    f: "[function]",
    date: "[invalid date]",
    bytes: "[3 bytes]",
  });
});

test("what refers to itself in fifty ways is bounded too, and in a moment", () => {
  const knot: Record<string, unknown> = {};
  for (let way = 0; way < 50; way++) knot[`way${way}`] = knot;
  const startedMs = performance.now();
  expect(JSON.stringify(logged({ knot })).length).toBeLessThan(100_000);
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});

test("a name such as __proto__ is a name, and a revoked proxy costs its own field alone", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const fields = logged({ given: JSON.parse('{"__proto__":{"polluted":1}}'), proxy, kept: 1 });
  expect(fields).toMatchObject({ proxy: "[could not be read]", kept: 1 });
  expect(JSON.stringify(fields.given)).toBe('{"__proto__":{"polluted":1}}');
  expect({}).not.toHaveProperty("polluted");
});

test.each([
  ["headers", "sent cookie: session=k3y and authorization: Basic azN5azN5azN5"],
  ["canonical requests", "x-amz-security-token:k3yk3y\nhost:b"],
  ["passwords with a slash", "postgresql://ada:k3/k3y@db/x"],
  ["assignments", "access_token=k3y confirmationToken: k3y"],
  ["names around an access key", "keyAKIAK3YK3YK3YK3Y0000 my_ASIAK3YK3YK3YK3Y0000_x"],
  ["several cookies", "Cookie: theme=dark; sid=k3y"],
  ["cookies in JSON", '{"cookie":"theme=dark; sid=k3y"}'],
  ["authorization without a known scheme", "Authorization: Token k3y\r\nauthorization: k3y"],
  ["JSON in JSON", JSON.stringify(JSON.stringify({ "x-api-key": "a k3y", "X-Amz-Signature": "k3y" }))],
  ["passwords with blanks", `host=h password='a k3y' {"password":"a \\"quoted k3y"}`],
  ["links within links", "u=https%3A%2F%2Fb%2Fk%3FX-Amz-Signature%3Dk3y%26a client_secret%253Dk3y"],
  ["tokens in place of a user", "https://k3yk3yk3yk3yk3yk3y@github.com/x"],
  ["XML of STS", "<SecretAccessKey>k3y</SecretAccessKey><SessionToken>k3y</SessionToken>"],
  ["statements", "ALTER USER a PASSWORD 'a k3y'; CREATE USER a IDENTIFIED BY 'k3y'; (TYPE s3, SECRET 'k3y')"],
  ["flags", "aws configure --secret-access-key k3y --password k3y"],
  ["keys of Azure and of SSE-C", "AccountKey=k3y== x-amz-server-side-encryption-customer-key: k3y"],
  ["more blanks than anybody needs", "password \t \t \t =\u2028k3y"],
])("secrets are hidden in the text of %s", (_what, message) => {
  const text = JSON.stringify(logged({ message }));
  expect(text).toContain("[hidden]");
  expect(text).not.toMatch(/k3y|azN5/i);
});

test.each([
  "SELECT customer_key, tokens FROM t WHERE customer_key = 5 AND tokens = 7",
  "nextToken=abc continuationToken: abc s3://bucket/a@b http://127.0.0.1:8080/mcp user@example.org",
  "MAKIAVELLI is not basic, and the bearer of this is a secretary",
])("what is no secret is kept: %s", (message) => {
  expect(logged({ message })).toMatchObject({ message });
});

test.each(["db_pwd", "dbPwd", "connectionString", "sseCustomerKey", "AccountKey", "requestState"])(
  "a field called %s is hidden",
  (name) => {
    expect(logged({ [name]: "k3y" })).toMatchObject({ [name]: "[hidden]" });
  },
);

test("texts made to keep the search busy are searched in a moment", () => {
  const hard = [
    "password",
    "password=\\\\",
    'secret="',
    "a://",
    "authorization:",
    "<secret",
    "%25",
    "eyJ.",
    "--",
  ];
  for (const part of hard) {
    const startedMs = performance.now();
    redactText(`token ${part.repeat(200_000 / part.length)}`);
    expect(performance.now() - startedMs, part).toBeLessThan(1_000);
  }
});

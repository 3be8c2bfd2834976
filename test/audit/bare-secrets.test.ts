import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { recordArguments } from "../../src/audit/record/recorded-arguments.ts";
import { createRandom } from "../harness/random.ts";

const base64Chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const some = (length: number, from = "aB3xZ9") => from.repeat(length).slice(0, length);
const pem = (kind: string, body: string) => `-----BEGIN ${kind}-----\n${body}\n-----END ${kind}-----`;
const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${some(43)}`;

/** What must not be left of each: the part that is secret. */
test.each<[string, string, string]>([
  ["a JWT", jwt, some(43)],
  ["an encrypted JWT", `eyJhbGciOiJkaXIifQ..${some(16)}.${some(30, "qW")}.${some(22)}`, some(30, "qW")],
  ["an access key", "AKIAIOSFODNN7EXAMPLE", "AKIA"],
  ["a temporary access key", "ASIAIOSFODNN7EXAMPLE", "ASIA"],
  ["a secret key beside its id", "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalr"],
  ["a secret key alone", "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", "q8Zt"],
  ["a session token", `IQoJb3JpZ2luX2VjE${some(200)}==`, some(40)],
  ["a token of GitHub", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "16C7"],
  ["a fine token of GitHub", `github_pat_11ABCDEFG0${some(60)}`, some(40)],
  ["a token of Slack", "xoxb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx", "AbCd"],
  ["a token of a Slack app", `xapp-1-A0123-456-${some(30)}`, some(20)],
  ["a webhook of Slack", "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXX", "XXXX"],
  ["a token of Databricks", "dapi0123456789abcdef0123456789abcdef-2", "0123"],
  ["a secret of Databricks", "dose0123456789abcdef0123456789abcdef", "0123"],
  ["a private key", pem("RSA PRIVATE KEY", "MIIEow"), "MIIEow"],
  [
    "one with headers",
    pem("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIEow"),
    "MIIEow",
  ],
  ["one that is cut off", "-----BEGIN PRIVATE KEY-----\nMIIEow-and-more", "MIIEow"],
  ["a connection string", "postgres://user:pa:s/s@host/db", "pa:s"],
  [
    "a presigned URL",
    "https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20&X-Amz-Signature=abcdef0123456789",
    "abcdef",
  ],
  [
    "a presigned URL of CloudFront",
    "https://d.cloudfront.net/k?Expires=1&Signature=abc~def-ghi__&Key-Pair-Id=K1",
    "abc~",
  ],
  [
    "a shared access signature",
    "https://a.blob.core.windows.net/c?sv=2020&sig=abcdEFGH%2Bijkl%3D&se=1",
    "abcdE",
  ],
  ["a token of GitLab", `glpat-${some(20)}`, some(20)],
  ["a key of Stripe", `sk_live_${some(24)}`, some(24)],
  ["a token of npm", `npm_${some(36)}`, some(36)],
  ["a key of Google", `AIza${some(35)}`, some(30)],
  ["a token of Vault", `hvs.${some(90)}`, some(40)],
])("%s is recorded under no argument's name", (_, text, secret) => {
  for (const given of [
    { q: text },
    { note: `use ${text} for it` },
    { list: [text] },
    { sql: `SELECT '${text}'` },
  ])
    expect(JSON.stringify(recordArguments(given).arguments)).not.toContain(secret);
});

test.each([
  "3fa85f64-5717-4562-b3fc-2c963f66afa6",
  '"d41d8cd98f00b204e9800998ecf8427e-12"',
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "da39a3ee5e6b4b0d3255bfef95601890afd80709",
  "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
  "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
  "arn:aws:iam::123456789012:role/AKIA",
  "data/2024/part-00000-3fa85f64-5717-4562-b3fc-2c963f66afa6-c000.snappy.parquet",
  "Lake/Orders/Year2024/Month01/Day17/Part1",
  "TheOrdersOfAllCustomersInEurope2024Q1Sum",
  "SELECT token, password FROM 's3://b/k' WHERE sku = 'SK-0017' AND id = 4711",
  "dapi_table_name_long_enough",
  "eyJhIjoxLCJiIjoyLCJjIjozfQ",
  "npm_packages, hf_models, sk_live_data",
  "2026-11-26T10:00:00.000Z",
])("what people search for is recorded as it is: %s", (text) => {
  expect(recordArguments({ q: text }).arguments).toEqual({ q: text });
});

test("of random secret keys fewer than one in ten is recorded, and no digest is hidden", () => {
  const seed = 20_261_126;
  const next = createRandom(seed);
  const digit = (from: string) => from[next(from.length)] ?? "";
  const keys = Array.from({ length: 5_000 }, () =>
    Array.from({ length: 40 }, () => digit(base64Chars)).join(""),
  );
  const shown = keys.filter(
    (key) =>
      recordArguments({ q: key }).arguments !== undefined &&
      JSON.stringify(recordArguments({ q: key }).arguments).includes(key),
  );
  expect(shown.length, `seed ${seed}`).toBeLessThan(500);
  for (let index = 0; index < 2_000; index++) {
    for (const [kind, form] of [
      ["sha1", "hex"],
      ["sha256", "hex"],
      ["sha256", "base64"],
      ["md5", "base64"],
    ] as const) {
      const digest = createHash(kind).update(`${seed} ${index}`).digest(form);
      expect(recordArguments({ q: digest }).arguments).toEqual({ q: digest });
    }
  }
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { AwsFault } from "../../../test/harness/aws-json.ts";
import { settingsProblems } from "../../../test/harness/load-settings.ts";
import { type SecretsServer, startSecretsServer } from "../../../test/harness/secrets-server.ts";
import { fetchSecret } from "./fetch-secret.ts";

const arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:sluice/db-AbCdEf";
let server: SecretsServer;
beforeAll(async () => {
  server = await startSecretsServer({
    parameters: {
      plain: { Value: "of-one-part" },
      "/prod/sluice/key": { Value: "hunter2\n", Type: "SecureString" },
      "/prod/list": { Value: "hunter2,hunter3", Type: "StringList" },
    },
    secrets: {
      "sluice/token": { SecretString: "hunter2" },
      [arn]: {
        SecretString: '{"password":"hunter2","port":5432,"nested":{"a":1},"long":12345678901234567890}',
      },
      "sluice/empty": { SecretString: "" },
      "sluice/binary": { SecretBinary: Buffer.from("hunter2") },
    },
  });
});
afterAll(() => server.stop());
beforeEach(() => {
  for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
  for (const name of ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]) vi.stubEnv(name, "/dev/null");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.fault = undefined;
  server.requests.length = 0;
});

test.each([
  ["secret://ssm/plain", "of-one-part"],
  ["secret://ssm/prod/sluice/key", "hunter2"],
  ["secret://ssm//prod/sluice/key", "hunter2"],
  ["secret://secretsmanager/sluice/token", "hunter2"],
  [`secret://secretsmanager/${arn}#password`, "hunter2"],
  [`secret://secretsmanager/${arn}#port`, "5432"],
])("%s is %j", async (reference, secret) => {
  expect(await fetchSecret(reference)).toBe(secret);
  expect(server.requests).toHaveLength(1);
});

test("a secret's ARN names the region to ask, also where none is set", async () => {
  vi.stubEnv("AWS_REGION", undefined);
  expect(await fetchSecret(`secret://secretsmanager/${arn}#password`)).toBe("hunter2");
});

describe("what cannot be had is named by its setting, and never shown", () => {
  const problemOf = async (reference: string) => {
    const [problem = "none"] = await settingsProblems(`--lake.databricks.token=${reference}`);
    expect(problem).toMatch(/^lake\.databricks\.token: /);
    expect(problem).not.toContain("hunter");
    return problem;
  };

  test.each([
    ["secret://ssm/prod/none", "not found in eu-west-1"],
    ["secret://ssm/prod/list", "is a list (StringList)"],
    ["secret://ssm", "wants a parameter's name"],
    ["secret://secretsmanager/none", "not found in eu-west-1"],
    ["secret://secretsmanager", "write secret://secretsmanager/<name>"],
    ["secret://secretsmanager/#key", "write secret://secretsmanager/<name>"],
    ["secret://secretsmanager/sluice/token#", "write secret://secretsmanager/<name>"],
    ["secret://secretsmanager/sluice/token#key", "is no JSON object"],
    ["secret://secretsmanager/sluice/binary", "is binary"],
    ["secret://secretsmanager/sluice/empty", "is empty"],
    [`secret://secretsmanager/${arn}#none`, "no such member"],
    [`secret://secretsmanager/${arn}#constructor`, "no such member"],
    [`secret://secretsmanager/${arn}#__proto__`, "no such member"],
    [`secret://secretsmanager/${arn}#nested`, "is no text"],
    [`secret://secretsmanager/${arn}#long`, "is no text"],
  ])("%s: %s", async (reference, says) => {
    expect(await problemOf(reference)).toContain(says);
  });

  test.each([
    ["AccessDeniedException", "Grant ssm:GetParameter"],
    ["ExpiredTokenException", "have expired"],
    ["UnrecognizedClientException", "does not accept the credentials"],
    ["InvalidKeyId", "Grant kms:Decrypt"],
    ["ValidationException", "does not take this for a name"],
    ["OddException", "could not be asked in eu-west-1 (OddException)"],
  ])("%s of AWS: %s", async (code, says) => {
    server.fault = new AwsFault(code, "User: arn:aws:iam::123456789012:user/ada hunter2");
    const problem = await problemOf("secret://ssm/prod/sluice/key");
    expect(problem).toContain(says);
    expect(problem).not.toContain("ada");
  });

  test("no region", async () => {
    vi.stubEnv("AWS_REGION", undefined);
    expect(await problemOf("secret://ssm/plain")).toContain("no AWS region is set");
    expect(server.requests).toEqual([]);
  });

  test("no credentials", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
    expect(await problemOf("secret://ssm/plain")).toContain("no AWS credentials were found");
    expect(server.requests).toEqual([]);
  });

  test("nobody answers", async () => {
    vi.stubEnv("AWS_ENDPOINT_URL_SSM", "http://127.0.0.1:9");
    expect(await problemOf("secret://ssm/plain")).toContain("could not be asked in eu-west-1 (ECONNREFUSED)");
  });
});

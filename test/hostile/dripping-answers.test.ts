import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createS3Anchors } from "../../src/audit/anchors/s3-anchors.ts";
import { createCloudwatchSink } from "../../src/audit/relay/cloudwatch-sink.ts";
import { createAuditTable } from "../../src/audit/table/audit-table.ts";
import { fetchJson } from "../../src/auth/jwt/fetch-json.ts";
import { fetchManagedSecret } from "../../src/config/secrets/secrets-manager.ts";
import { fetchParameter } from "../../src/config/secrets/ssm-parameter.ts";
import { unguardedServices } from "../../src/core/service-guard.ts";
import { createAwsSender } from "../../src/lake/athena/clients.ts";
import { createRoleCredentials } from "../../src/lake/stores/role-credentials.ts";
import { DynamoDbStore } from "../../src/state/dynamodb-store.ts";

/** Each of its first answers drips a blank every 100 ms; the later ones are `whole`. */
async function startDripping(dripping: number, whole: string) {
  const left = { dripping };
  const ended: ServerResponse[] = [];
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": whole.startsWith("<") ? "text/xml" : "application/json" });
    if (left.dripping-- <= 0) return response.end(whole);
    const drip = setInterval(() => response.write(" "), 100);
    response.once("close", () => {
      clearInterval(drip);
      ended.push(response);
    });
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { endpoint, ended, stop };
}

beforeAll(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  vi.stubEnv("AWS_REGION", "eu-central-1");
});
afterAll(() => {
  vi.unstubAllEnvs();
});

const region = "eu-central-1";
const table = { table: "t", region };
const sts = (expiration: string) =>
  `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;

describe.concurrent("an answer that drips is ended, and asked for again", () => {
  test.each<[string, string, (endpoint: string) => Promise<unknown>]>([
    [
      "DynamoDB, of state",
      "{}",
      (endpoint) => new DynamoDbStore({ ...table, endpoint }, Date.now).get({ tenantId: "a", name: "b" }),
    ],
    [
      "DynamoDB, of the audit",
      "{}",
      (endpoint) => createAuditTable({ ...table, endpoint, retentionDays: 90 }).check(),
    ],
    [
      "S3, of anchors",
      "<PutObjectResult/>",
      (endpoint) =>
        createS3Anchors({
          kind: "s3",
          bucket: "b",
          prefix: "p/",
          lock: "none",
          retentionDays: 90,
          region,
          endpoint,
          forcePathStyle: true,
        }).write({ chain: "c", sequence: 1, hash: "0".repeat(64), time: new Date(0).toISOString() }),
    ],
    [
      "Parameter Store",
      '{"Parameter":{"Name":"x","Type":"String","Value":"v"}}',
      (endpoint) => {
        vi.stubEnv("AWS_ENDPOINT_URL_SSM", endpoint);
        return fetchParameter("secret://ssm/x", "x");
      },
    ],
    [
      "Secrets Manager",
      '{"SecretString":"v"}',
      (endpoint) => {
        vi.stubEnv("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint);
        return fetchManagedSecret("secret://secretsmanager/x", "x");
      },
    ],
    [
      "STS",
      sts(new Date(Date.now() + 3_600_000).toISOString()),
      (endpoint) => {
        vi.stubEnv("AWS_ENDPOINT_URL_STS", endpoint);
        const role = { tenantId: "a", roleArn: "arn:aws:iam::111122223333:role/a", sessionTags: {} };
        const s3 = { region, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
        return createRoleCredentials({ ...role, externalId: undefined, s3 }, { now: Date.now }).provide();
      },
    ],
    [
      "Athena",
      "{}",
      async (endpoint) => {
        const { GetWorkGroupCommand } = await import("@aws-sdk/client-athena");
        const settings = { region, endpoint } as Parameters<typeof createAwsSender>[0]["settings"];
        const sender = createAwsSender({ settings, credentials: undefined, guard: unguardedServices });
        const command = new GetWorkGroupCommand({ WorkGroup: "w" });
        const { signal } = new AbortController();
        return sender.send("athena", "the workgroup", signal, ({ athena }) => athena.send(command));
      },
    ],
  ])("%s", { timeout: 40_000 }, async (_, whole, ask) => {
    const server = await startDripping(1, whole);
    try {
      await ask(server.endpoint);
      expect(server.ended).toHaveLength(1);
    } finally {
      server.stop();
    }
  });

  test("CloudWatch Logs, which the relay asks again", { timeout: 40_000 }, async () => {
    const server = await startDripping(1, "{}");
    const sink = createCloudwatchSink({ logGroup: "g", region, endpoint: server.endpoint }, Date.now);
    const record = { chain: "c", sequence: 1, hash: "0", kind: "intent", time: new Date().toISOString() };
    const records = [{ record, line: "{}" }] as unknown as Parameters<typeof sink.send>[0];
    try {
      await expect(sink.send(records)).rejects.toMatchObject({ name: "TimeoutError" });
      await expect(sink.send(records)).resolves.toBeUndefined();
    } finally {
      await sink.close();
      server.stop();
    }
  });
});

test("the documents and keys of an issuer are whole in time or not taken", async () => {
  const server = await startDripping(1, '{"keys":[]}');
  try {
    await expect(fetchJson(server.endpoint, 300)).rejects.toMatchObject({ name: "TimeoutError" });
    await expect(fetchJson(server.endpoint, 300)).resolves.toEqual({ keys: [] });
    await vi.waitFor(() => expect(server.ended).toHaveLength(1));
  } finally {
    server.stop();
  }
});

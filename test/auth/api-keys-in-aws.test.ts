import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { digestOfKey } from "../../src/auth/api-keys.ts";
import { openIdentity } from "../../src/commands/frame/identity.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { callOver } from "../harness/call-over.ts";
import { testCalls } from "../harness/calls.ts";
import { echoToolset } from "../harness/echo-toolset.ts";
import { settingsOf, startGuardedServer } from "../harness/guarded-server.ts";
import { type SecretsServer, startSecretsServer } from "../harness/secrets-server.ts";

const oldKey = "the-key-that-is-going-away";
const newKey = "the-key-that-takes-its-place";
let kept: SecretsServer;
beforeAll(async () => {
  kept = await startSecretsServer({
    parameters: { "/prod/old": { Value: oldKey, Type: "SecureString" } },
    secrets: { "prod/new": { SecretString: `{"hash":"sha256:${digestOfKey(newKey).toString("hex")}"}` } },
  });
  for (const [name, value] of Object.entries(kept.env)) vi.stubEnv(name, value);
});
afterAll(() => kept.stop());

const auth = (...keys: string[]) => ({ modes: ["api_key"], apiKeys: [{ id: "ci", keys }] });

test("both keys of a caller may be kept in AWS, as they are or as hashes, and are read once", async () => {
  const server = await startGuardedServer(
    auth("secret://ssm/prod/old", "secret://secretsmanager/prod/new#hash"),
  );
  for (const key of [oldKey, newKey]) {
    const { output } = await callOver(server.url, "echo_whoami", {}, { "x-api-key": key });
    expect(output).toMatchObject({ id: "key:ci" });
  }
  expect(
    (await callOver(server.url, "echo_whoami", {}, { "x-api-key": "another-of-that-length" })).status,
  ).toBe(401);
  expect(kept.requests.map(({ operation }) => operation).sort()).toEqual(["GetParameter", "GetSecretValue"]);
  expect(server.logged.join("")).not.toContain("the-key");
  await server.close();
});

test("a server whose keys cannot be had does not start, and says whose", async () => {
  const settings = await settingsOf(auth("secret://ssm/prod/none"), {});
  const log = createLog({ level: "silent" });
  const opening = openIdentity({ settings, log, calls: testCalls([echoToolset]) });
  await expect(opening).rejects.toThrow(
    "auth.apiKeys, key of ci: secret://ssm/prod/none: not found in eu-west-1",
  );
});

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { awsCredentials } from "./credentials.ts";

/** A container's credentials, as ECS and EKS give them. */
let answer: (response: ServerResponse) => void;
const server = createServer((_request, response) => answer(response));
const variables = [
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_EC2_METADATA_DISABLED",
  "AWS_CONFIG_FILE",
  "AWS_SHARED_CREDENTIALS_FILE",
];
const before = variables.map((name) => [name, process.env[name]] as const);

beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = `http://127.0.0.1:${port}/credentials`;
  process.env.AWS_EC2_METADATA_DISABLED = "true";
  for (const name of variables.slice(2)) process.env[name] = "/dev/null";
});
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  server.closeAllConnections();
  server.close();
});

test("credentials that hang are given up, and asked for anew by the next request", async () => {
  const credentials = awsCredentials({ timeoutMs: 300 });
  answer = () => {};
  await expect(credentials()).rejects.toMatchObject({ code: "unavailable", retryable: true });
  answer = (response) =>
    response.end(
      JSON.stringify({
        AccessKeyId: "ASIATEST",
        SecretAccessKey: "s",
        Token: "t",
        Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      }),
    );
  await expect(credentials()).resolves.toMatchObject({ accessKeyId: "ASIATEST" });
}, 5_000);

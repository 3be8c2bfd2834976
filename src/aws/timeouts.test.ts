import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { expect, test } from "vitest";
import { awsTimeouts } from "./timeouts.ts";

test.each([
  ["no answer", () => {}],
  ["half an answer", (write: (text: string) => void) => write('{"Parameter":')],
])(
  "%s ends an attempt",
  async (_, answer) => {
    const server = createServer((_request, response) => {
      answer((text) => {
        response.writeHead(200, { "content-type": "application/x-amz-json-1.1", "content-length": "100" });
        response.write(text);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const client = new SSMClient({
      region: "eu-central-1",
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      maxAttempts: 1,
      requestHandler: awsTimeouts({ connectMs: 1_000, answerMs: 200 }),
    });
    try {
      await expect(client.send(new GetParameterCommand({ Name: "x" }))).rejects.toMatchObject({
        name: "TimeoutError",
      });
    } finally {
      client.destroy();
      server.closeAllConnections();
      server.close();
    }
  },
  3_000,
);

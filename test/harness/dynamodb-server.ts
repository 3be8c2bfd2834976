import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";

/** DynamoDB on loopback with one table as docs/limits.md says to make it. */
export interface DynamoDbServer {
  endpoint: string;
  table: string;
  /** Speaks to the server itself. */
  client: DynamoDBClient;
  stop(): Promise<void>;
}

/** Credentials and region as variables: the server takes any. */
export const dynamoDbEnvironment = {
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_REGION: "eu-west-1",
};

/** Default: a free port. */
export async function startDynamoDb(table = "sluice-state", port = 0): Promise<DynamoDbServer> {
  const server = dynalite({ createTableMs: 0 });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new DynamoDBClient({
    endpoint,
    region: "eu-west-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [
        { AttributeName: "tenant_id", KeyType: "HASH" },
        { AttributeName: "item", KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: "tenant_id", AttributeType: "S" },
        { AttributeName: "item", AttributeType: "S" },
      ],
    }),
  );
  return {
    endpoint,
    table,
    client,
    async stop() {
      client.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
}

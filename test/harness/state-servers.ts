import { vi } from "vitest";
import { type DynamoDbServer, dynamoDbEnvironment, startDynamoDb } from "./dynamodb-server.ts";
import { type RedisServer, redisProgram, startRedis } from "./redis-server.ts";

/** What servers can share state in: DynamoDB, with the environment that its client needs, and Redis where it is installed. */
export interface StateServers {
  dynamodb: DynamoDbServer;
  redis: RedisServer | undefined;
  stop(): Promise<void>;
}

export async function startStateServers(): Promise<StateServers> {
  for (const [name, value] of Object.entries(dynamoDbEnvironment)) vi.stubEnv(name, value);
  const dynamodb = await startDynamoDb();
  const redis = redisProgram ? await startRedis(redisProgram) : undefined;
  return {
    dynamodb,
    redis,
    async stop() {
      vi.unstubAllEnvs();
      await Promise.all([dynamodb.stop(), redis?.stop()]);
    },
  };
}

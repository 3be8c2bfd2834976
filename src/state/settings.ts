/** Where items are kept in DynamoDB. Region, credentials and endpoint not given here are found by the AWS SDK's own chain. */
export interface DynamoDbSettings {
  table: string;
  region?: string | undefined;
  endpoint?: string | undefined;
}

/** Where items are kept in Redis or Valkey. */
export interface RedisSettings {
  /** `redis://host[:port][/database]`, or `rediss://` for TLS; no credentials in it. */
  url: string;
  username?: string | undefined;
  password?: string | undefined;
}

/** Which store a process counts in. */
export type StateSettings =
  | { store: "memory" }
  | { store: "dynamodb"; dynamodb: DynamoDbSettings }
  | { store: "redis"; redis: RedisSettings };

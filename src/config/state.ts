import { z } from "zod";
import { dynamoDbPlace, tableName } from "./fields.ts";

const redisUrl = z.string().superRefine((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const refuse = (message: string) => context.addIssue({ code: "custom", message });
  if (!url || !/^rediss?:$/.test(url.protocol) || url.hostname === "")
    refuse("is not a URL such as redis://host:6379 or rediss://host:6379");
  else if (url.username !== "" || url.password !== "")
    refuse("must not hold credentials: set state.redis.username and state.redis.password");
});

/** `state`: where counts and other small things are kept that outlive a call. */
export const stateSettings = z
  .strictObject({
    store: z
      .enum(["memory", "dynamodb", "redis"])
      .default("memory")
      .describe(
        "Where calls are counted, sessions kept and confirmations used up: memory (this process), dynamodb or redis (shared by servers)",
      ),
    dynamodb: z
      .strictObject({
        table: tableName.optional().describe("Table with partition key tenant_id and sort key item"),
        ...dynamoDbPlace,
      })
      .prefault({}),
    redis: z
      .strictObject({
        url: redisUrl.optional().describe("redis://host:port, or rediss://host:port for TLS; Valkey too"),
        username: z.string().min(1).optional().describe("User of Redis, where it knows users"),
        password: z
          .string()
          .min(1)
          .optional()
          .meta({ description: "Password of Redis; best as secret://…", writeOnly: true }),
      })
      .prefault({}),
  })
  .prefault({});

/** What is wrong with the group as a whole: which setting of it, and why. */
export function wrongState({
  store,
  dynamodb,
  redis,
}: z.output<typeof stateSettings>): { path: string[]; message: string } | undefined {
  if (store === "dynamodb" && dynamodb.table === undefined)
    return { path: ["dynamodb", "table"], message: "is missing: state.store is dynamodb" };
  if (store === "redis" && redis.url === undefined)
    return { path: ["redis", "url"], message: "is missing: state.store is redis" };
  const idle = "is of no use unless state.store is";
  if (store !== "dynamodb" && dynamodb.table !== undefined)
    return { path: ["dynamodb", "table"], message: `${idle} dynamodb` };
  if (store !== "redis" && redis.url !== undefined)
    return { path: ["redis", "url"], message: `${idle} redis` };
  return undefined;
}

import { DynamoDbStore } from "./dynamodb-store.ts";
import { MemoryStore } from "./memory-store.ts";
import { RedisStore } from "./redis-store.ts";
import type { StateSettings } from "./settings.ts";
import type { StateStore } from "./store.ts";

/** The store a process is set to use. Nothing is loaded or connected before its first request. */
export function openStateStore(settings: StateSettings, now: () => number): StateStore {
  if (settings.store === "dynamodb") return new DynamoDbStore(settings.dynamodb, now);
  if (settings.store === "redis") return new RedisStore(settings.redis);
  return new MemoryStore({ now });
}

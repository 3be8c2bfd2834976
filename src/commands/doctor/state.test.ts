import { expect, test } from "vitest";
import { MemoryStore } from "../../state/memory-store.ts";
import { RedisStore } from "../../state/redis-store.ts";
import { checkState } from "./state.ts";

test("a store of this process needs no look, and a shared one out of reach is said so with its reason", async () => {
  expect(await checkState(new MemoryStore({ now: Date.now }))).toEqual([]);
  const nowhere = new RedisStore({ url: "redis://127.0.0.1:1" });
  const [check] = await checkState(nowhere);
  await nowhere.close();
  expect(check).toMatchObject({
    name: "state in redis",
    status: "failed",
    mend: expect.stringContaining("state.redis.url"),
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { anna, bert, type Limited, letIn, limited } from "../../test/harness/limited.ts";
import { redisProgram } from "../../test/harness/redis-server.ts";
import { type StateServers, startStateServers } from "../../test/harness/state-servers.ts";
import type { Principal } from "../core/principal.ts";
import { DynamoDbStore } from "../state/dynamodb-store.ts";
import { RedisStore } from "../state/redis-store.ts";
import type { StateStore } from "../state/store.ts";
import { countKey } from "./count-key.ts";
import type { TenantTotal } from "./settings.ts";

/** Stands still; stores keep what expires after it by clocks of their own. */
const clock = { nowMs: Date.now() };
const opened: StateStore[] = [];
let shared: StateServers;
beforeAll(async () => {
  shared = await startStateServers();
});
afterAll(async () => {
  await Promise.all(opened.map((store) => store.close()));
  await shared.stop();
});

const open = {
  dynamodb: () =>
    new DynamoDbStore(
      { table: shared.dynamodb.table, endpoint: shared.dynamodb.endpoint },
      () => clock.nowMs,
    ),
  redis: () => new RedisStore({ url: shared.redis?.url ?? "" }),
};

describe.each(["dynamodb", ...(redisProgram ? (["redis"] as const) : [])] as const)(
  "servers that share %s",
  (kind) => {
    let tenants = 0;

    /** Two servers, and two principals of a tenant that nobody had before. */
    function start(total: TenantTotal) {
      const stores = [open[kind](), open[kind]()];
      opened.push(...stores);
      const unlimited = {
        ratePerSecond: "unlimited",
        perDay: 1_000,
        concurrency: 1_000,
        tenantTotals: [total],
      } as const;
      const tenantId = `${kind}-${++tenants}`;
      const principals: Principal[] = [anna, bert].map((one) => ({ ...one, tenantId }));
      return {
        servers: stores.map((store) => limited(unlimited, store, clock)),
        principals,
        async daysOf() {
          const today = new Date(clock.nowMs).toISOString().slice(0, 10);
          const keys = principals.map((one) => countKey(one, {}, `day/${today}`));
          // One more is counted to learn how many there were.
          const limits = { most: 1_000, expiresAtMs: clock.nowMs + 60_000 };
          const counted = await Promise.all(keys.map((key) => stores[0]?.increment(key, limits)));
          return counted.reduce((sum, one) => sum + (one?.count ?? 0) - 1, 0);
        },
      };
    }

    async function all(servers: readonly Limited[], principals: readonly Principal[]) {
      const counts = servers.flatMap((server) => principals.map((one) => letIn(server, 9, one)));
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    }

    test("let in as many calls of a tenant's day as it has, and count for its principals no others", async () => {
      const { servers, principals, daysOf } = start({ perDay: 25 });
      expect(await all(servers, principals)).toBe(25);
      expect(await daysOf()).toBe(25);
    });

    test("let in what the tenant's rate allows, and count for its principals no others", async () => {
      const { servers, principals, daysOf } = start({ ratePerSecond: 1, burst: 8 });
      expect(await all(servers, principals)).toBe(8);
      expect(await daysOf()).toBe(8);
      expect(await all(servers, principals)).toBe(0);
    });
  },
);

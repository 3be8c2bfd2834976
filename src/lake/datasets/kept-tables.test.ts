import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { lakeScope } from "../../../test/harness/lake-settings.ts";
import type { Dataset } from "./dataset.ts";
import type { CallHolds, HydratedTable } from "./hydration.ts";
import { createKeptTables, type KeptTablesOptions } from "./kept-tables.ts";
import { createPins } from "./pins.ts";
import { createScanBudget } from "./scan-budget.ts";

const fileBytes = 10;

function dataset(version: string, files = 40): Dataset {
  const at = (index: number) => ({
    object: {
      uri: `s3://b/${index}`,
      location: { kind: "s3" as const, bucket: "b", key: String(index) },
      sizeBytes: fileBytes,
      etag: "e",
      lastModified: new Date(0),
    },
    partition: {},
  });
  return {
    uri: "s3://b/",
    hints: {},
    files: Array.from({ length: files }, (_, index) => at(index)),
    partitionColumns: [],
    sizeBytes: files * fileBytes,
    version,
    notes: [],
  };
}

/** Tables that are opened by counting, and calls that hold them. */
function setUp(options: Partial<KeptTablesOptions> = {}) {
  let [opened, released, spent] = [0, 0, 0];
  const tables = createKeptTables({
    engine: { hold: async () => async () => {} },
    newLinksFolder: async () => "links",
    maxBytes: 1_000_000,
    keepMs: 60_000,
    ...options,
  });
  const hydrate = async ({ pins, budget }: CallHolds): Promise<HydratedTable> => {
    opened++;
    budget.spend(400);
    pins.add(() => {
      released++;
    });
    await sleep(5);
    return {
      scan: { format: "parquet", files: [], partitionColumns: [] },
      detected: { format: "parquet", compression: "none", notes: [] },
      notes: [],
    };
  };
  return {
    tables,
    counts: () => ({ opened, released, spent }),
    async call(of: Dataset, scope = lakeScope()) {
      const pins = createPins();
      const budget = {
        allows: () => true,
        spend(bytes: number) {
          spent += bytes;
        },
      };
      const table = await tables.open(of, { pins, budget }, scope, hydrate);
      return { table, end: pins.releaseAll };
    },
  };
}

test("a table stays open after a call, counts for the next one all the same, and ends with its time", async () => {
  const { call, counts } = setUp({ keepMs: 40 });
  const first = await call(dataset("v"));
  await first.end();
  expect(counts()).toEqual({ opened: 1, released: 0, spent: 400 });
  const second = await call(dataset("v"));
  expect(second.table).toBe(first.table);
  await sleep(80);
  expect(counts()).toEqual({ opened: 1, released: 0, spent: 800 });
  await second.end();
  await expect.poll(() => counts().released).toBe(1);
});

test("other versions, tenants and few files have none of it", async () => {
  const { call, counts } = setUp();
  await (await call(dataset("v"))).end();
  await (await call(dataset("w"))).end();
  await (await call(dataset("v"), lakeScope({ tenantId: "other" }))).end();
  await (await call(dataset("few", 3))).end();
  expect(counts()).toMatchObject({ opened: 4, released: 1 });
});

test("what many open at once is kept once, and never more than fits", async () => {
  const { tables, call, counts } = setUp({ maxBytes: 500 });
  const same = await Promise.all([1, 2, 3].map(() => call(dataset("v"))));
  const others = await Promise.all(["w", "x"].map((version) => call(dataset(version))));
  for (const { end } of [...same, ...others]) await end();
  expect(counts()).toMatchObject({ opened: 5, released: 4 });
  await tables.letGo();
  expect(counts().released).toBe(5);
});

test("a table that cannot be kept leaves the others as they are", async () => {
  const { tables, call, counts } = setUp();
  await (await call(dataset("v"))).end();
  const pins = createPins();
  const sparse = {
    path: "p",
    uri: "u",
    partition: {},
    hydrate: () => ({ fetch: async () => 0 }),
  };
  await tables.open(dataset("w"), { pins, budget: createScanBudget(0) }, lakeScope(), async () => ({
    scan: { format: "parquet", files: [sparse], partitionColumns: [] },
    detected: { format: "parquet", compression: "none", notes: [] },
    notes: [],
  }));
  await pins.releaseAll();
  expect(counts().released).toBe(0);
  await tables.letGo();
  expect(counts().released).toBe(1);
});

test("what a call uses is not given back to make room", async () => {
  const { tables, call, counts } = setUp();
  const { end } = await call(dataset("v"));
  await tables.letGo();
  expect(counts().released).toBe(0);
  await end();
  await tables.letGo();
  expect(counts().released).toBe(1);
});

test("links that cannot be made or removed harm nobody", async () => {
  const broken = async () => {
    throw Object.assign(new Error("EBUSY"), { code: "EBUSY" });
  };
  for (const hold of [broken, async () => broken]) {
    const { tables, call, counts } = setUp({ engine: { hold } });
    await (await call(dataset("v"))).end();
    await tables.letGo();
    expect(counts()).toMatchObject({ opened: 1, released: 1 });
  }
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { contractOf } from "../../src/core/contract.ts";
import { lakeToolset } from "../../src/toolsets/lake/index.ts";
import { startTestLake, type TestLake } from "../harness/lake.ts";

const highest = lakeToolset.tools.flatMap((tool) => {
  const schema = contractOf(tool).inputSchema as unknown as {
    properties: Record<string, { maximum?: number }>;
  };
  const maximum = schema.properties.limit?.maximum;
  return maximum === undefined ? [] : [{ name: tool.name, maximum }];
});

const argumentsOf: Record<string, Record<string, unknown>> = {
  lake_read_rows: { uri: "s3://lake/a.csv" },
  lake_query: { sql: "SELECT * FROM 's3://lake/a.csv'" },
  lake_list_objects: { uri: "s3://lake/" },
  lake_list_buckets: {},
};

/** A server as its defaults make it, and one whose operator allows less than the tools announce. */
let usual: TestLake;
let strict: TestLake;

beforeAll(async () => {
  const surroundings = {
    env: {},
    cwd: "/",
    home: "/home/ada",
    os: "linux",
    cpuCount: 2,
    memoryBytes: 8e9,
  } as const;
  const { settings } = await loadConfig({ argv: [], surroundings });
  [usual, strict] = await Promise.all([
    startTestLake({ maxRows: settings.results.maxRows }),
    startTestLake({ maxRows: 200 }),
  ]);
  await Promise.all([usual, strict].map((lake) => lake.put("a.csv", "a\n1\n2\n")));
}, 60_000);
afterAll(() => Promise.all([usual?.stop(), strict?.stop()]));

describe.each(highest)("the limit of $name", ({ name, maximum }) => {
  const args = argumentsOf[name];

  test("may be as high as its schema says", async () => {
    expect(await usual.output(name, { ...args, limit: maximum })).toMatchObject({ truncated: false });
  });

  test("is refused past that with the number the schema has", async () => {
    const { code, message } = await usual.fault(name, { ...args, limit: 100_000 });
    expect(code).toBe("invalid_input");
    expect(message).toContain(`<=${maximum}`);
  });

  test("is refused past what the operator allows with that number and its setting", async () => {
    expect(await strict.fault(name, { ...args, limit: maximum })).toEqual({
      code: "invalid_input",
      message: `limit is ${maximum}; this server gives at most 200 at once (results.maxRows). Ask for 200 and go on with the cursor.`,
    });
    expect(await strict.output(name, { ...args, limit: 200 })).toMatchObject({ truncated: false });
  });
});

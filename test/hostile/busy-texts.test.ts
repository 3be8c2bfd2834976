import { afterAll, beforeAll, expect, test } from "vitest";
import { ToolError } from "../../src/core/errors.ts";
import { differenceInTrino } from "../../src/lake/athena/trino/same-in-both.ts";
import { readStatement } from "../../src/lake/athena/trino/statement.ts";
import { gateFilter } from "../../src/lake/databricks/sql/filter.ts";
import { withNullOrder } from "../../src/lake/databricks/sql/null-order.ts";
import { differenceByTypes } from "../../src/lake/databricks/sql/same-by-types.ts";
import { differenceInDuckDb } from "../../src/lake/databricks/sql/same-in-both.ts";
import { gateStatement } from "../../src/lake/databricks/sql/statement.ts";
import { type PolicyServer, startPolicyServer } from "../harness/policy-server.ts";

let server: PolicyServer;
beforeAll(async () => {
  server = await startPolicyServer({});
});
afterAll(() => server.stop());

const times = (text: string, chars: number) => text.repeat(Math.floor(chars / text.length));

/** Names of at most 1,024 bytes, which is what a key may have, and of 4,096, which is what an argument may. */
const names = [
  `s3://lake/${times("==/", 900)}x/y.parquet`,
  `s3://lake/${times("a=b=c/", 900)}x/*.parquet`,
  `s3://lake/${times("=/", 900)}-/`,
  `s3://lake/${times("*", 900)}x`,
  `s3://lake/${times("*a", 900)}!`,
  `s3://lake/${times("**/", 900)}x`,
  `s3://lake/${times("[!a", 900)}`,
  `s3://${times("a.", 3_000)}/x.csv`,
  `s3://lake/${times(".csv.gz", 900)}!`,
  times("/", 4_000),
  times("../", 4_000),
  `athena://${times("a.", 4_000)}`,
  `databricks://${times("`a`.", 4_000)}`,
  times("a://", 4_000),
  times(" ", 4_000),
];

const ways: Readonly<Record<string, (uri: string) => Promise<unknown>>> = {
  list: (uri) => server.call("ann", "lake_list_objects", { uri }),
  glob: (glob) => server.call("ann", "lake_list_objects", { uri: "s3://lake/", glob: glob.slice(10, 1_034) }),
  describe: (uri) => server.call("ann", "lake_get_metadata", { uri }),
  read: (uri) => server.call("ann", "lake_read_rows", { uri }),
  profile: (uri) => server.call("ann", "lake_profile_dataset", { uri }),
  summarise: (uri) => server.call("ann", "lake_summarize_text", { uri }),
  query: (uri) => server.call("ann", "lake_query", { sql: `SELECT * FROM '${uri}'` }),
};

/** Statements of 64 KB, each made to keep a reader of SQL busy. */
const statements = [
  ...[
    "-",
    "--",
    "/*",
    "/* ",
    "*/",
    "+",
    "+-",
    "'",
    "''",
    '"',
    '""',
    "$$",
    "$a$",
    "$a",
    "(",
    "((",
    "[",
    "{",
    "`",
    "\\",
    "\r",
  ],
  ..."E' U&\" 1e 0x 1. a. a.a, ;; :: -> => /**/ --\r {{ @ # ? % \u2028 \u00a0 \ufeff é 𝔸".split(" "),
  ...[
    "s3://",
    "'s3://x",
    "'s3://lake/'",
    "password=",
    "token '",
    "identified by '",
    "Bearer ",
    "eyJa.",
    "--secret ",
  ],
];

/** Of this process alone, which serves everybody; query workers are processes of their own. */
async function busyMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

const refused = expect.objectContaining({ kind: "failed" });
const answered = expect.objectContaining({ kind: expect.stringMatching(/^(failed|completed)$/) });
const mostMs = 1_500;

test.each(names)("the name %j keeps the server busy for no longer than any", async (name) => {
  for (const [way, ask] of Object.entries(ways)) {
    const tookMs = await busyMs(async () => expect([way, await ask(name)]).toEqual([way, answered]));
    expect(tookMs, way).toBeLessThan(mostMs);
  }
});

test.each(statements)("so does 64 KB of %j in a statement, a condition, or anywhere else", async (part) => {
  const text = times(part, 65_000);
  const calls: [string, Record<string, unknown>][] = [
    ["lake_query", { sql: text }],
    ["lake_query", { sql: `SELECT 1 FROM t WHERE ${text}` }],
    ["lake_read_rows", { uri: "s3://lake/none.csv", filter: text.slice(0, 10_000) }],
    ["lake_read_rows", { uri: "s3://lake/none.csv", cursor: text.slice(0, 4_000) }],
    ["lake_read_rows", { uri: "s3://lake/none.csv", columns: [text] }],
    ["lake_summarize_text", { uri: "s3://lake/none.txt", [text]: text }],
  ];
  for (const [tool, args] of calls) {
    const tookMs = await busyMs(async () => expect(await server.call("ann", tool, args)).toEqual(refused));
    expect(tookMs, tool).toBeLessThan(mostMs);
  }
  expect(await server.call("ann", text)).toMatchObject({ kind: "unknown_tool" });
});

const readers: Readonly<Record<string, (sql: string) => unknown>> = {
  "Athena's": (sql) => differenceInTrino(readStatement(sql).tokens),
  "a warehouse's": (sql) => gateStatement(sql, () => ({ catalog: "a", schema: "b", table: "c" })),
  "a filter's": gateFilter,
  "an order's": withNullOrder,
  "a comparison's": differenceInDuckDb,
  "a comparison's by types": (sql) => differenceByTypes(sql, [{ name: "a", type_text: "decimal(1)" }]),
};

test.each(Object.keys(readers))("so is %s reader of SQL, with 100,000 characters", async (which) => {
  const fitting = [
    "1+",
    "a,",
    "(1),",
    "'a' || ",
    "a.b.",
    "-- x\n",
    "/* x */ ",
    "case when 1 then ",
    "a=1 and ",
    "f(",
    "not ",
  ];
  for (const part of [...statements, ...fitting]) {
    for (const sql of [times(part, 100_000), `SELECT ${times(part, 99_000)} 1 FROM t`]) {
      const tookMs = await busyMs(async () => {
        try {
          readers[which]?.(sql);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ToolError);
        }
      });
      expect(tookMs, sql.slice(0, 40)).toBeLessThan(mostMs);
    }
  }
});

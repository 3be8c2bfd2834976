import { afterAll, beforeAll, expect, test } from "vitest";
import { type PolicyServer, startPolicyServer } from "../harness/policy-server.ts";

let server: PolicyServer;
let good: Record<string, unknown>;
beforeAll(async () => {
  server = await startPolicyServer({});
  good = { uri: await server.write("a.csv", "id\n1\n") };
});
afterAll(() => server.stop());

/** Each beside a name that is right: what is wrong is the one argument. */
const odd: [string, Record<string, unknown>][] = [
  ...[2 ** 53, 1e300, Number.POSITIVE_INFINITY, Number.NaN, -1, 1.5, "1", [1], null].map(
    (limit): [string, Record<string, unknown>] => ["lake_read_rows", { limit }],
  ),
  ...[2 ** 53, 2 ** 63, -1, 1.5, "9223372036854775808"].map((version): [string, Record<string, unknown>] => [
    "lake_read_rows",
    { version },
  ]),
  ...[
    "275760-09-13T00:00:00.001Z",
    "-271821-04-19T23:59:59Z",
    "2026-02-30",
    "2026-13-01",
    "9".repeat(64),
    "\0",
    "0",
  ].map((timestamp): [string, Record<string, unknown>] => ["lake_read_rows", { timestamp }]),
  ...["\0", "a\0", "\ud800", "a\udc00"].flatMap((text): [string, Record<string, unknown>][] => [
    ["lake_read_rows", { filter: `id = '${text}'; --` }],
    ["lake_read_rows", { columns: [text] }],
    ["lake_read_rows", { cursor: text }],
    ["lake_read_rows", { uri: `s3://lake/${text}.csv` }],
    ["lake_query", { uri: undefined, sql: `SELECT '${text}' FROM 's3://lake/none.csv'` }],
  ]),
];

test.each(odd)(
  "%s with %j is refused in words of our own, and the next call is answered",
  async (tool, more) => {
    const called = await server.call("ann", tool, JSON.parse(JSON.stringify({ ...good, ...more })));
    expect(called).toMatchObject({
      kind: "failed",
      fault: { code: expect.stringMatching(/^(invalid_input|not_found|unsupported|denied)$/) },
    });
    expect(JSON.stringify("fault" in called && called.fault)).not.toMatch(
      /node_modules|\.[jt]s:|TypeError|ZodError/,
    );
    expect(await server.call("ann", "lake_read_rows", good)).toMatchObject({
      kind: "completed",
      output: { rows: [[1]] },
    });
  },
);

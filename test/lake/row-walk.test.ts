import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

const rowCount = 200_000;
let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
  const ids = Array.from({ length: rowCount }, (_, id) => id);
  await lake.put("walk.csv", `id,name\n${ids.map((id) => `${id},n${id % 977}`).join("\n")}\n`);
  await lake.put("walk.ndjson", ids.map((id) => `{"id":${id},"name":"n${id % 977}"}\n`).join(""));
  await lake.put(
    "walk.parquet",
    await parquetOf(`SELECT range::INTEGER AS id, 'n' || range % 977 AS name FROM range(${rowCount})`),
  );
}, 60_000);
afterAll(() => lake?.stop());

const cursorState = (cursor: string): { kept?: unknown } =>
  JSON.parse(Buffer.from(cursor, "base64url").toString()).state;

/** Follows the cursor to its end. `onCursor` may change it on its way. */
async function walk(args: Record<string, unknown>, onCursor = (cursor: string) => cursor) {
  const ids: number[] = [];
  let pages = 0;
  for (let cursor: string | undefined; ; ) {
    const page = await lake.output("lake_read_rows", {
      ...args,
      ...(cursor ? { cursor: onCursor(cursor) } : {}),
    });
    for (const [id] of page.rows) ids.push(id);
    pages++;
    expect(page.truncated).toBe(page.cursor !== undefined);
    if (page.cursor === undefined) return { ids, pages };
    expect(page.rows.length).toBeGreaterThan(0);
    cursor = page.cursor;
  }
}

function expectEvery(ids: number[], step: number): void {
  const wrong = ids.findIndex((id, at) => id !== at * step);
  expect({ wrong, count: ids.length }).toEqual({ wrong: -1, count: Math.ceil(rowCount / step) });
}

const changed = (cursor: string, change: (state: Record<string, never>) => unknown) => {
  const whole = JSON.parse(Buffer.from(cursor, "base64url").toString());
  change(whole.state);
  return Buffer.from(JSON.stringify(whole)).toString("base64url");
};

describe.each(["csv", "ndjson", "parquet"])("a walk over 200,000 rows of %s", (format) => {
  const uri = `s3://lake/walk.${format}`;

  test("gives each row once, 1,000 at a time, and takes a few runs of the engine", async () => {
    let runs = 1;
    const { ids, pages } = await walk({ uri, limit: 1_000 }, (cursor) => {
      if (!cursorState(cursor).kept) runs++;
      return cursor;
    });
    expectEvery(ids, 1);
    expect(pages).toBe(200);
    // Of the engine, each of which skips what came before: the other pages are read from what is kept.
    expect(runs).toBeLessThanOrEqual(8);
  }, 60_000);

  test("gives each row once that a filter passes", async () => {
    expectEvery((await walk({ uri, limit: 777, filter: "id % 7 = 0", columns: ["id"] })).ids, 7);
  }, 60_000);

  test("does so where what was read ahead is gone", async () => {
    let lost = 0;
    const { ids } = await walk({ uri, limit: 9_999 }, (cursor) =>
      changed(cursor, ({ kept }: { kept?: { handle: string } }) => {
        if (!kept || lost++ % 2) return;
        kept.handle = "gone";
      }),
    );
    expectEvery(ids, 1);
    expect(lost).toBeGreaterThan(2);
  }, 60_000);
});

test("rows that are wide end what is read ahead by their bytes", async () => {
  const lines = Array.from({ length: 1_500 }, (_, id) => `${id},${"x".repeat(9_000)}`);
  const uri = await lake.put("wide-walk.csv", `id,text\n${lines.join("\n")}\n`);
  const { ids } = await walk({ uri, limit: 1_000, columns: ["id", "text"] });
  expect(ids).toEqual(lines.map((_, id) => id));
}, 60_000);

test("a file that changes under rows read ahead is changed", async () => {
  const text = (from: number) => `a\n${Array.from({ length: 100 }, (_, n) => n + from).join("\n")}\n`;
  const uri = await lake.put("moves.csv", text(100));
  const first = await lake.output("lake_read_rows", { uri, limit: 2 });
  const second = await lake.output("lake_read_rows", { uri, limit: 2, cursor: first.cursor });
  expect(second.rows).toEqual([[102], [103]]);
  await lake.put("moves.csv", text(500));
  expect(await lake.fault("lake_read_rows", { uri, limit: 2, cursor: second.cursor })).toMatchObject({
    code: "changed",
  });
});

test("a cursor is its caller's alone, and rows read ahead with it", async () => {
  const uri = "s3://lake/walk.csv";
  const first = await lake.output("lake_read_rows", { uri, limit: 2 });
  const second = await lake.output("lake_read_rows", { uri, limit: 2, cursor: first.cursor });
  const other = { id: "other", tenantId: "default", scopes: [], roles: [], via: "local" as const };
  expect(await lake.call("lake_read_rows", { uri, limit: 1, cursor: second.cursor }, other)).toMatchObject({
    fault: { code: "invalid_input", message: expect.stringContaining("to another caller") },
  });
});

test("what was rejected is told with the first page", async () => {
  const uri = await lake.put("rejects.csv", "a,b\n1,2\n3\n4,5\n6,7\n");
  const first = await lake.output("lake_read_rows", { uri, limit: 1 });
  expect(first).toMatchObject({ rejectedRows: 1 });
  const second = await lake.output("lake_read_rows", { uri, limit: 1, cursor: first.cursor });
  expect(second).toMatchObject({ rows: [[4, 5]] });
  expect(second.rejectedRows).toBeUndefined();
});

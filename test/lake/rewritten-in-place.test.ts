import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localPrincipal } from "../../src/core/principal.ts";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
});
afterAll(() => lake.stop());

const scope = (progress: () => void) => ({
  tenantId: localPrincipal.tenantId,
  principalId: localPrincipal.id,
  signal: new AbortController().signal,
  progress,
});

test.each([
  ["rows.parquet", "parquet"],
  ["rows.csv", "csv"],
])("a local file written over in place while it is read is changed (%s)", async (name, format) => {
  const bodies = await Promise.all(
    [1, 2].map(async (k) =>
      format === "csv"
        ? Buffer.from(`n\n${Array.from({ length: 200_000 }, () => k).join("\n")}\n`)
        : parquetOf(`SELECT ${k} AS n FROM range(200000)`),
    ),
  );
  const path = await lake.write(name, bodies[0] ?? "");
  let isRewritten = false;
  const reading = lake.lake.query(
    {
      sql: `SELECT n, md5(n::VARCHAR) FROM '${path}'`,
      sources: {},
      engine: "local",
      maxRows: 10,
      maxBytes: 10_000,
    },
    scope(() => {
      if (isRewritten) return;
      isRewritten = true;
      writeFileSync(join(lake.root, name), bodies[1] ?? "");
    }),
  );
  await expect(reading).rejects.toMatchObject({ code: "changed" });
});

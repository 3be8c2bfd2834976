import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { goldenFolder, goldenTables } from "../harness/golden.ts";
import { inBucket, openGoldenLake, verdictOf } from "../harness/golden-verdict.ts";
import type { TestLake } from "../harness/lake.ts";
import { putFolder } from "../harness/put-folder.ts";

const folder = goldenFolder();
const skipped = folder === undefined ? " (the reference tables are not at hand: SLUICE_GOLDEN_DIR)" : "";

const tables = folder === undefined ? [] : goldenTables(folder);

describe.skipIf(folder === undefined)(`The reference tables of Delta Lake${skipped}`, () => {
  let lake: TestLake;
  let page: string;

  beforeAll(async () => {
    lake = await openGoldenLake(folder ?? "");
    await putFolder(lake, folder ?? "");
    page = await readFile(join(import.meta.dirname, "../../docs/delta.md"), "utf8");
  });
  afterAll(() => lake.stop());

  test.each(tables)("$name is read as docs/delta.md says", async (table) => {
    const verdict = await verdictOf(lake, table);
    expect(page).toContain(`| ${table.name} | ${verdict} |`);
    if (table.expected !== undefined) expect(verdict).toMatch(/^equal/);
    expect(verdict).not.toContain("**");
  });

  test.each(tables)("$name is read on S3 as it is on disk", async (table) => {
    const verdict = await verdictOf(lake, inBucket(table, folder ?? ""));
    expect(page).toContain(`| ${table.name} | ${verdict} |`);
  });
});

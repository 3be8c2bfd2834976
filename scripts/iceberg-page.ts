import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { icebergGoldens, icebergVerdict, openIcebergGoldens } from "../test/harness/iceberg-golden.ts";

/** Reads every table of `test/fixtures/iceberg` and writes what became of it into docs/iceberg.md, below its last heading. */
const page = join(import.meta.dirname, "../docs/iceberg.md");
const heading = "## Tables of other writers\n";

const lake = await openIcebergGoldens();
try {
  const rows: string[] = [];
  for (const table of icebergGoldens()) rows.push(`| ${table.name} | ${await icebergVerdict(lake, table)} |`);
  const text = await readFile(page, "utf8");
  const head = text.slice(0, text.indexOf(heading) + heading.length);
  const said =
    "\nOf `test/fixtures/iceberg`, made by Spark, Iceberg's Java library, Athena and PyIceberg; some were changed by hand for tests of\ntheir own. Written by `npx tsx scripts/iceberg-page.ts`; `test/lake/iceberg-golden.test.ts` holds it true, and compares rows.\n";
  await writeFile(page, `${head}${said}\n| Table | What becomes of it |\n|---|---|\n${rows.join("\n")}\n`);
} finally {
  await lake.stop();
}

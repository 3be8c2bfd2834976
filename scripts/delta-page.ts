import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { goldenFolder, goldenTables } from "../test/harness/golden.ts";
import { openGoldenLake, verdictOf } from "../test/harness/golden-verdict.ts";

/** Reads every reference table and writes what became of it into docs/delta.md, below its last heading. */
const page = join(import.meta.dirname, "../docs/delta.md");
const heading = "## The reference tables\n";

const folder = goldenFolder();
if (folder === undefined)
  throw new Error("The reference tables are not at hand. Say where with SLUICE_GOLDEN_DIR.");
const lake = await openGoldenLake(folder);
try {
  const rows: string[] = [];
  for (const table of goldenTables(folder)) rows.push(`| ${table.name} | ${await verdictOf(lake, table)} |`);
  const text = await readFile(page, "utf8");
  const head = text.slice(0, text.indexOf(heading) + heading.length);
  const equal = rows.filter((row) => row.includes("| equal")).length;
  const said = `\nOf delta-io/delta-kernel-rs (\`kernel/tests/golden_data\`). ${rows.length} tables, ${equal} with rows to compare with: all equal, one of them in the time zone it was written in.\nWritten by \`npx tsx scripts/delta-page.ts\`; \`test/lake/delta-golden.test.ts\` holds it true, on S3 and on disk.\n`;
  await writeFile(page, `${head}${said}\n| Table | What becomes of it |\n|---|---|\n${rows.join("\n")}\n`);
} finally {
  await lake.stop();
}

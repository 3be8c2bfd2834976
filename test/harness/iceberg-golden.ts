import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { TestLake } from "./lake.ts";
import { startTestLake } from "./lake.ts";

/** The tables other writers made, by set and name. */
export const icebergFixtures = join(import.meta.dirname, "../fixtures/iceberg");

/** A table of `test/fixtures/iceberg`, as a page names it, and where it is. */
export interface IcebergGolden {
  name: string;
  path: string;
}

/** All of them, those whose state of one metadata file is of interest too. */
export function icebergGoldens(): IcebergGolden[] {
  const tables = ["icebird/athena", "icebird/java", "icebird/spark", "duckdb-iceberg"].flatMap((set) =>
    readdirSync(join(icebergFixtures, set), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${set}/${entry.name}`),
  );
  const earlier = [
    "icebird/java/bunnies/metadata/v2.metadata.json",
    "icebird/java/bunnies/metadata/v3.metadata.json",
    "icebird/java/bunnies/metadata/v4.metadata.json",
    "icebird/spark/bunnies/metadata/v1.metadata.json",
    "icebird/spark/rename_column/metadata/v2.metadata.json",
    "duckdb-iceberg/merch_v1/metadata/00003-8d01e4aa-d143-49c9-898e-b5e477577b70.metadata.json",
  ];
  return [...tables.map((name) => ({ name, path: `${join(icebergFixtures, name)}/` })), ...named(earlier)];
}

function named(files: readonly string[]): IcebergGolden[] {
  return files.map((name) => ({ name, path: join(icebergFixtures, name) }));
}

/** A lake that may read them. */
export function openIcebergGoldens(): Promise<TestLake> {
  return startTestLake({ settings: { localRoots: [{ name: "iceberg", path: icebergFixtures }] } });
}

/** What becomes of a table, in words that name neither the machine nor the time. */
export async function icebergVerdict(lake: TestLake, { path }: IcebergGolden): Promise<string> {
  const result = await lake.call("lake_query", { sql: "SELECT * FROM t", sources: { t: path } });
  if (result.kind === "completed") return `${(result.output as { rows: unknown[] }).rows.length} rows`;
  if (result.kind !== "failed") return result.kind;
  const { code, details, message } = result.fault;
  const feature = "feature" in details ? `, feature \`${details.feature}\`` : "";
  const why = message.replace(/"([^"]*\/)?([^"/]+)\/?"/g, "`$2`");
  return `refused: \`${code}\`${feature}: ${why}`;
}

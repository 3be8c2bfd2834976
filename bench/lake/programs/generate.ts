import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { writeDeltaTable } from "../generator/delta-table.ts";
import { makeLineitem } from "../generator/lineitem.ts";
import { writeManyFiles } from "../generator/many-files.ts";

/** Makes the data of `argv[3]` rows in folder `argv[2]`, which is there whole or not at all. */
const [, , folder = "", asked = ""] = process.argv;
const rows = Number(asked);
const fresh = `${folder}-${process.pid}`;
const served = join(fresh, "served");
await mkdir(served, { recursive: true });
const instance = await DuckDBInstance.create(":memory:", { memory_limit: "6GB" });
const connection = await instance.connect();
await makeLineitem(connection, rows);
await connection.run(
  `COPY lineitem TO '${join(served, "lineitem.parquet")}' (FORMAT parquet, COMPRESSION snappy)`,
);
await connection.run(`COPY lineitem TO '${join(served, "lineitem.csv")}' (FORMAT csv, HEADER)`);
await connection.run(`COPY (FROM lineitem LIMIT 100) TO '${join(served, "hello.parquet")}' (FORMAT parquet)`);
await writeManyFiles(connection, rows, join(served, "files"));
const deltaFiles = await writeDeltaTable(connection, rows, join(served, "delta"));
await writeFile(join(fresh, "manifest.json"), JSON.stringify({ rows, deltaFiles }));
await rename(fresh, folder);
process.stdout.write(`${JSON.stringify({ made: folder })}\n`);
process.exit(0);

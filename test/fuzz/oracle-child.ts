import { DuckDBInstance } from "@duckdb/node-api";
import { makeCorpus } from "./corpus/make-corpus.ts";
import type { OracleJob, OracleReply } from "./oracle.ts";
import { answer, createTables } from "./whole-files.ts";

/** A process of its own with a plain DuckDB over whole files on local disk. It takes one job at a time. */
const instance = await DuckDBInstance.create(":memory:", { threads: "1", memory_limit: "2GB" });
const connection = await instance.connect();
await connection.run(
  "SET TimeZone = 'UTC'; SET preserve_insertion_order = true; SET enable_progress_bar = false",
);

async function work(job: OracleJob): Promise<OracleReply> {
  if (job.kind === "corpus") return { kind: "corpus", corpus: await makeCorpus(connection, job) };
  if (job.kind === "tables") return { kind: "tables", ...(await createTables(connection, job.datasets)) };
  return { kind: "answer", ...(await answer(connection, job.sql)) };
}

process.on("message", (job: OracleJob) => {
  work(job).then(
    (reply) => process.send?.(reply),
    (thrown: unknown) => process.send?.({ kind: "failed", message: String(thrown) }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.({ kind: "ready" });

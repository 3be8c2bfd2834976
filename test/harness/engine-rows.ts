import "../../src/lake/sql/worker/text-decoder.ts";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { JobScan } from "../../src/lake/sql/protocol.ts";

/** Reads a table just as a query worker does, in this process: for properties that need thousands of files. */
export async function engineRows(scan: JobScan, folder: string, order = ""): Promise<unknown[][]> {
  const { Instances, openDatabase } = await import("../../src/lake/sql/worker/database.ts");
  const { prepareScans } = await import("../../src/lake/sql/worker/prepare-scans.ts");
  const { vectorToJson } = await import("../../src/lake/sql/worker/json-values.ts");
  const { viewSql } = await import("../../src/lake/sql/worker/views.ts");
  mkdirSync(folder, { recursive: true });
  const { scans } = prepareScans([scan], { progress: () => {} });
  const ready = scans[0]!;
  const paths = ready.files.map((file) => file.prepared?.path ?? file.path);
  const limits = { folder: join(folder, "call"), memoryBytes: 200 << 20, threads: 2, tempBytes: 64 << 20 };
  const database = await openDatabase(new Instances(), limits, { files: paths }, async (connection) => {
    await connection.run(viewSql("t", ready));
  });
  try {
    const result = await database.connection.stream(`SELECT * FROM t ${order}`);
    const rows: unknown[][] = [];
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) return JSON.parse(JSON.stringify(rows));
      const items = result.columnTypes().map((type, at) => vectorToJson(chunk.getColumnVector(at), type));
      for (let row = 0; row < chunk.rowCount; row++) rows.push(items.map((item) => item(row)));
    }
  } finally {
    database.close();
  }
}

/** Random choices from a seed that the test prints. */
export function seededChoices(seed: number): { below(limit: number): number; of<T>(items: readonly T[]): T } {
  let state = seed >>> 0;
  const below = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  return { below, of: (items) => items[below(items.length)]! };
}

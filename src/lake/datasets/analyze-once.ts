import { writeFile } from "node:fs/promises";
import { z } from "zod";
import { jsonDigest } from "../../core/digest.ts";
import type { ObjectCache } from "../cache/cache.ts";
import type { LakeScope } from "../scope.ts";
import type { AnalyzeRequest, SqlEngine, TextAnalysis } from "../sql/engine.ts";
import type { Dataset } from "./dataset.ts";

const analysisFacts = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rowCount: z.int(),
  rejectedCount: z.int(),
  rejects: z.array(z.object({ uri: z.string(), line: z.int(), reason: z.string(), text: z.string() })),
});

/**
 * Types, rows and rejects of a whole dataset of text files, found once per version of it and way of reading it.
 * Kept as facts of an empty file derived from the dataset's first one.
 */
export async function analyzeOnce(
  { cache, engine }: { cache: ObjectCache; engine: SqlEngine },
  { files, version }: Dataset,
  scan: AnalyzeRequest["scan"],
  scope: LakeScope,
): Promise<TextAnalysis> {
  const first = files[0];
  if (!first) throw new TypeError("A dataset has at least one file.");
  const { format, columns, partitionColumns } = scan;
  const form = {
    format,
    columns,
    partitionColumns,
    ...(scan.format === "csv" ? { dialect: scan.dialect } : {}),
  };
  const key = jsonDigest([version, form], { encoding: "hex", length: 24 });
  const kept = await cache.derived(
    first.object,
    `analysis-v1-${key}`,
    async (path, signal) => {
      await writeFile(path, "");
      return engine.analyze({ scan }, { signal, progress: scope.progress });
    },
    scope,
  );
  kept.release();
  return analysisFacts.parse(kept.facts);
}

import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { z } from "zod";
import { jsonDigest } from "../../core/digest.ts";
import type { CsvDialect } from "../formats/format.ts";
import { prepareJson } from "../formats/prepare-json.ts";
import { prepareText } from "../formats/prepare-text.ts";
import type { LakeScope } from "../scope.ts";
import type { FetchedFile, HydrationDeps } from "./hydration.ts";
import type { Pins } from "./pins.ts";

/** How a file of text is to be read. */
export type TextForm = { kind: "csv"; dialect: CsvDialect } | { kind: "json" } | { kind: "text" };

const reject = z.object({ line: z.int(), reason: z.string(), text: z.string() });

const preparedFacts = z.object({
  readableInPlace: z.boolean(),
  notes: z.array(z.string()),
  rejectedCount: z.int().default(0),
  rejects: z.array(reject).default([]),
});

/** A file as a worker opens it. Rejects: records of JSON that could not be made part of it. */
export interface PreparedFile {
  path: string;
  /** Of what was made of the stored file; `stored` for the file itself. */
  kind: string;
  notes: string[];
  rejectedCount: number;
  rejects: z.output<typeof reject>[];
}

/**
 * The path of a file a query worker can read: plain UTF-8 text or one JSON document per line. The stored file
 * itself where that will do, so that a large file is not written twice; else one made of it, once per version.
 */
export async function prepareFile(
  deps: HydrationDeps,
  one: FetchedFile,
  form: TextForm,
  pins: Pins,
  scope: LakeScope,
): Promise<PreparedFile> {
  const { compression, encoding, format } = one.detected;
  if (format !== "json" && compression === "none" && encoding === "utf-8") {
    const checked = await derive(deps, one, form, "check", scope);
    checked.file.release();
    if (checked.facts.readableInPlace) return { path: one.raw.path, kind: "stored", ...checked.facts };
  }
  const { file, facts, kind } = await derive(deps, one, form, "utf8", scope);
  pins.add(file.release);
  await one.raw.verify?.();
  one.raw.release();
  return { path: file.path, kind, ...facts };
}

async function derive(
  { cache, settings }: HydrationDeps,
  { file: { object }, raw, detected }: FetchedFile,
  form: TextForm,
  purpose: "check" | "utf8",
  scope: LakeScope,
) {
  const { compression, encoding = "utf-8", format } = detected;
  const key = jsonDigest([form, compression, encoding, format], { encoding: "hex", length: 24 });
  const kind = `${purpose}-v1-${key}`;
  const made = await cache.derived(
    object,
    kind,
    async (path, signal) => {
      const stored = createReadStream(raw.path, { highWaterMark: 1024 * 1024 });
      const source = { compression, encoding, maxDecompressedBytes: settings.maxDecompressedBytes, signal };
      if (purpose === "check") await writeFile(path, "");
      const to = purpose === "check" ? undefined : path;
      if (form.kind === "json") {
        return prepareJson(stored, to, { ...source, format: format === "ndjson" ? "ndjson" : "json" });
      }
      return prepareText(stored, to, { ...source, dialect: form.kind === "csv" ? form.dialect : undefined });
    },
    scope,
  );
  return { file: made, kind, facts: preparedFacts.parse(made.facts) };
}

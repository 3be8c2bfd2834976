import { z } from "zod";
import { jsonDigest } from "../../core/digest.ts";
import { ToolError } from "../../core/errors.ts";
import type { ExportedQuery, ExportQueryRequest } from "../lake.ts";
import { formatLocation, quoteName } from "../location-names.ts";
import { callerOf, type LakeScope } from "../scope.ts";
import type { Column, ExportedFile } from "../sql/engine.ts";
import type { S3Location } from "../stores/s3-head.ts";
import type { Uploads } from "../stores/s3-upload.ts";
import type { ObjectDetails } from "../stores/store.ts";
import { exportPlace } from "./export-place.ts";
import type { NamedDataset } from "./plan-hydration.ts";
import { withPruned } from "./prune-files.ts";
import { withNamedTables } from "./query.ts";
import { rejectedRows, tableNotes } from "./rejected-rows.ts";
import { type LakeParts, scansOf, withTables } from "./with-tables.ts";

/** What an export takes beside the engine's parts. */
export interface ExportParts extends LakeParts {
  uploads: Uploads;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Never the same twice. */
  newId(): string;
}

const contentTypes = {
  parquet: "application/vnd.apache.parquet",
  csv: "text/csv; charset=utf-8; header=present",
};

/** What an export writes beside the object, to know it again. S3 keeps 2 KB of it. */
const exportMark = z.object({
  "sluice-export": z.string(),
  "sluice-write": z.string(),
  "sluice-rows": z.coerce.number().int(),
  "sluice-rejected": z.coerce.number().int(),
  "sluice-columns": z.string().optional(),
});
const maxColumnsChars = 1_500;

/**
 * Runs a statement and puts its whole result where the settings allow. One effect under retry: who asks the same of the
 * same data again, or with the same idempotency key, gets the object of the first time, whose name or mark is made of that.
 */
export async function exportQuery(
  parts: ExportParts,
  request: ExportQueryRequest,
  scope: LakeScope,
): Promise<ExportedQuery> {
  const expiresMs = expiryOf(request, parts);
  const { plan, named, identity, location } = await resolveExport(parts, request, scope);
  const link = () => parts.uploads.link(location, { nowMs: parts.now(), expiresMs }, scope.signal);
  const uri = formatLocation(location);
  const earlier = await findExport(parts, location, identity, scope);
  if (earlier) return { uri, ...earlier.facts, ...(await link()), notes: madeBefore(earlier) };
  const written = await withPruned(parts, named, plan, scope, (tables) =>
    writeFile(parts, tables, request, scope),
  );
  try {
    const { rows, sizeBytes, columns } = written.file;
    const other = await upload(parts, { location, written, identity, format: request.format }, scope);
    if (other) return { uri, ...other.facts, ...(await link()), notes: madeBefore(other) };
    const facts = { rows, sizeBytes, columns, rejectedCount: written.rejectedCount };
    return { uri, ...facts, ...(await link()), notes: written.notes };
  } finally {
    await written.file.remove();
  }
}

/** What a request means: its statement and data, and where its result goes. */
export async function resolveExport(parts: ExportParts, request: ExportQueryRequest, scope: LakeScope) {
  expiryOf(request, parts);
  exportPlace(request, parts.settings.exports, "made-later");
  const plan = await parts.engine.plan(request.sql, scope);
  const named = await withNamedTables(parts, plan.tables, request.sources, scope, async (tables) => tables);
  const identity = identityOf(request, named, scope);
  const location = exportPlace(request, parts.settings.exports, `sluice-${identity}`);
  return { plan, named, identity, location };
}

/** A result in a local file, with what is to be said of it. */
interface Written {
  file: ExportedFile;
  rejectedCount: number;
  notes: string[];
}

function writeFile(
  parts: ExportParts,
  named: readonly NamedDataset[],
  { sql, format, escapeFormulas }: ExportQueryRequest,
  scope: LakeScope,
): Promise<Written> {
  const { maxBytes } = parts.settings.exports;
  return withTables(parts, named, scope, async (tables) => {
    const file = await parts.engine.exportRows(
      { sql, tables: scansOf(tables), format, maxBytes, escapeFormulas },
      scope,
    );
    const { rejectedCount } = rejectedRows(tables);
    return { file, rejectedCount, notes: [...tableNotes(tables), ...file.notes] };
  });
}

interface UploadPlan {
  location: S3Location;
  written: Written;
  identity: string;
  format: ExportQueryRequest["format"];
}

/**
 * Answers with the object of another call that asked the same and was quicker. An answer that was lost leaves the object
 * there: it is known by the number of this very write.
 */
async function upload(
  parts: ExportParts,
  { location, written, identity, format }: UploadPlan,
  scope: LakeScope,
): Promise<EarlierExport | undefined> {
  const { path, sizeBytes, rows, columns } = written.file;
  const write = parts.newId();
  const metadata = {
    "sluice-export": identity,
    "sluice-write": write,
    "sluice-rows": String(rows),
    "sluice-rejected": String(written.rejectedCount),
    ...columnsMark(columns),
  };
  const onProgress = (done: number) => scope.progress({ done, total: sizeBytes, message: "bytes uploaded" });
  try {
    const request = { location, path, sizeBytes, contentType: contentTypes[format], metadata };
    await parts.uploads.upload(request, scope.signal, onProgress);
    return undefined;
  } catch (thrown) {
    if (scope.signal.aborted) throw thrown;
    const there = await findExport(parts, location, identity, scope).catch(() => undefined);
    if (!there) throw thrown;
    return there.write === write ? undefined : there;
  }
}

/** What makes two requests one: who asks, for what, of which data. */
function identityOf(
  { idempotencyKey, expiresMs: _of, ...what }: ExportQueryRequest,
  named: readonly NamedDataset[],
  scope: LakeScope,
): string {
  const data = idempotencyKey ?? named.map(({ name, dataset }) => [name, dataset.version]);
  return jsonDigest([...callerOf(scope), what, data], { encoding: "hex", length: 32 });
}

interface EarlierExport {
  object: ObjectDetails;
  write: string;
  facts: Pick<ExportedQuery, "rows" | "sizeBytes" | "columns" | "rejectedCount">;
}

/** The object of the same request before. Throws `conflict` where another one has its name. */
export async function findExport(
  { uploads }: ExportParts,
  location: S3Location,
  identity: string,
  scope: LakeScope,
): Promise<EarlierExport | undefined> {
  const object = await uploads.find(location, scope.signal);
  if (!object) return undefined;
  const mark = exportMark.safeParse(object.userMetadata ?? {}).data;
  if (mark?.["sluice-export"] !== identity) {
    throw new ToolError(
      "conflict",
      `${quoteName(object.uri)} exists already and is no export of this statement over this data; nothing is overwritten. Give another name.`,
    );
  }
  return {
    object,
    write: mark["sluice-write"],
    facts: {
      rows: mark["sluice-rows"],
      sizeBytes: object.sizeBytes,
      columns: columnsOf(mark["sluice-columns"]),
      rejectedCount: mark["sluice-rejected"],
    },
  };
}

function madeBefore({ object, facts }: EarlierExport): string[] {
  const note = `This export was made before, at ${object.lastModified.toISOString()}, and is given again; what was noted then is not repeated. For a new one, give another name or idempotencyKey.`;
  const noColumns =
    "Its columns are too many to be kept with it; lake_get_metadata tells them where it may be read.";
  return facts.columns.length > 0 ? [note] : [note, noColumns];
}

/** Left out where they are too many for an object's metadata. */
function columnsMark(columns: readonly Column[]): { "sluice-columns"?: string } {
  const text = Buffer.from(JSON.stringify(columns.map(({ name, type }) => [name, type]))).toString(
    "base64url",
  );
  return text.length > maxColumnsChars ? {} : { "sluice-columns": text };
}

const columnPairs = z.array(z.tuple([z.string(), z.string()]));

function columnsOf(mark: string | undefined): Column[] {
  if (mark === undefined) return [];
  const pairs = columnPairs.parse(JSON.parse(Buffer.from(mark, "base64url").toString()));
  return pairs.map(([name, type]) => ({ name, type }));
}

function expiryOf({ expiresMs }: ExportQueryRequest, { settings }: ExportParts): number {
  const { expiresMs: usual, maxExpiresMs } = settings.exports;
  if (expiresMs === undefined || expiresMs <= maxExpiresMs) return expiresMs ?? usual;
  throw new ToolError(
    "invalid_input",
    `expiresSeconds is ${expiresMs / 1000}; this server gives links for at most ${maxExpiresMs / 1000} (lake.exports.maxExpiresMs).`,
    { details: { setting: "lake.exports.maxExpiresMs" } },
  );
}

import { setImmediate } from "node:timers/promises";
import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import { mapBounded } from "../datasets/map-bounded.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import { readBytes } from "../stores/read-bytes.ts";
import type { Stores } from "../stores/store.ts";
import type { TableRoot } from "../tables/table-root.ts";
import { AvroFault, UnknownCodec } from "./avro/avro-fault.ts";
import { damagedMetadata, unsupportedFeature } from "./faults.ts";
import { type ManifestEntry, readManifest } from "./manifest.ts";
import { type ManifestFile, readManifestList } from "./manifest-list.ts";
import type { SnapshotJson } from "./table-metadata.ts";
import type { TablePaths } from "./table-paths.ts";

/** A file of a snapshot, with what its manifest says for it. */
export interface LiveFile {
  entry: ManifestEntry;
  specId: number;
  sequenceNumber: number;
}

/** Files of a snapshot: those with rows, and those that name deleted rows. */
export interface SnapshotFiles {
  data: LiveFile[];
  deletes: LiveFile[];
}

/** What reading the files of a snapshot takes. */
export interface FilesReading {
  stores: Stores;
  root: TableRoot;
  paths: TablePaths;
  /** Tables of version 1 have no sequence numbers. */
  formatVersion: number;
}

/** Files a table may have, those of deletes too: each takes about a kilobyte. */
const maxFiles = 100_000;
/** Manifests, as they are stored. */
const maxManifestBytes = 512 << 20;
/** Of a list of manifests, and of a manifest whose size no list says: as many are read at once as are allowed together. */
const maxUnlistedBytes = 32 << 20;
/** Of statistics that are kept. */
const maxKeptBytes = 256 << 20;
const parallelManifests = 16;

/**
 * Throws `denied` for paths outside the table, `invalid_input` for what is damaged or not there, `too_large` past
 * 100,000 files, `unsupported`.
 */
export async function readSnapshotFiles(
  reading: FilesReading,
  snapshot: SnapshotJson,
  scope: LakeScope,
): Promise<SnapshotFiles> {
  const manifests = await manifestsOf(reading, snapshot, scope);
  const total = manifests.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0);
  if (total > maxManifestBytes) throw tooLarge(reading, `manifests of ${total} bytes`);
  const collected = new Collected(reading, snapshot);
  let done = 0;
  await mapBounded(manifests, parallelManifests, async (manifest) => {
    const bytes = await readFile(reading, manifest.path, manifest.sizeBytes, scope);
    // A large one takes a while, in which others are served too.
    await setImmediate();
    scope.signal.throwIfAborted();
    told(reading, manifest.path, () => collected.add(manifest, bytes));
    scope.progress({ done: ++done, total: manifests.length, message: "reading the Iceberg manifests" });
  });
  return collected.files();
}

async function manifestsOf(
  reading: FilesReading,
  snapshot: SnapshotJson,
  scope: LakeScope,
): Promise<ManifestFile[]> {
  const list = snapshot["manifest-list"];
  if (list) {
    const bytes = await readFile(reading, list, undefined, scope);
    return told(reading, list, () => readManifestList(bytes));
  }
  const bare = { sizeBytes: undefined, specId: undefined, sequenceNumber: 0 };
  const { manifests } = snapshot;
  if (manifests) return manifests.map((path) => ({ path, ...bare, isOfDeletes: false, isEncrypted: false }));
  throw damagedMetadata(reading.root.uri, `its snapshot ${snapshot["snapshot-id"]} names no manifests`);
}

async function readFile(
  reading: FilesReading,
  path: string,
  sizeBytes: number | undefined,
  { signal }: LakeScope,
): Promise<Buffer> {
  const { stores, paths } = reading;
  const location = paths.locationOf(path);
  try {
    const mostBytes = sizeBytes ?? maxUnlistedBytes;
    // One more shows that there are more.
    const range = { start: 0, endExclusive: mostBytes + 1 };
    const bytes = await readBytes(stores, { location, ...range }, signal);
    if (sizeBytes === undefined && bytes.length > mostBytes)
      throw tooLarge(reading, `a manifest, or a list of them, of more than ${mostBytes} bytes`);
    if (sizeBytes === undefined || bytes.length === sizeBytes) return bytes;
    if (bytes.length > sizeBytes) throw damagedMetadata(path, `it has more than ${sizeBytes} bytes`);
    throw damagedMetadata(path, `it has ${bytes.length} bytes in place of ${sizeBytes}`);
  } catch (thrown) {
    if (!(thrown instanceof ToolError) || thrown.code !== "not_found") throw thrown;
    throw damagedMetadata(path, "it is not there (expiring snapshots removes files of older ones)", thrown);
  }
}

function told<T>({ root }: FilesReading, path: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof UnknownCodec)
      throw unsupportedFeature(root.uri, `manifests compressed by ${thrown.codec}`);
    if (thrown instanceof AvroFault) throw damagedMetadata(path, thrown.message, thrown);
    if (!(thrown instanceof z.ZodError)) throw thrown;
    const [issue] = thrown.issues;
    throw damagedMetadata(path, `field ${issue?.path.join(".")} is wrong: ${issue?.message}`, thrown);
  }
}

function tooLarge({ root }: FilesReading, what: string): ToolError {
  return new ToolError(
    "too_large",
    `The Iceberg table ${quoteName(root.uri)} has ${what}. Compact it (rewrite_data_files, rewrite_manifests) to read it here.`,
    { details: { maxFiles, maxManifestBytes } },
  );
}

/** Files of manifests, as far as they are read. */
class Collected {
  private readonly reading: FilesReading;
  private readonly newest: number;
  private readonly data = new Map<string, LiveFile>();
  private readonly deletes = new Map<string, LiveFile>();
  private keptBytes = 0;

  constructor(reading: FilesReading, snapshot: SnapshotJson) {
    this.reading = reading;
    this.newest = snapshot["sequence-number"] ?? 0;
  }

  add(manifest: ManifestFile, bytes: Buffer): void {
    const { uri } = this.reading.root;
    if (manifest.isEncrypted) throw unsupportedFeature(uri, "encryption");
    const { specId: ownSpecId, entries } = readManifest(bytes);
    const specId = manifest.specId ?? ownSpecId ?? 0;
    for (const entry of entries) {
      this.check(entry, manifest);
      const sequenceNumber = this.sequenceNumberOf(entry, manifest);
      const files = entry.content === "data" ? this.data : this.deletes;
      if (files.has(entry.path))
        throw damagedMetadata(manifest.path, `the file ${quoteName(entry.path)} is in it twice`);
      files.set(entry.path, { entry, specId, sequenceNumber });
      this.count(entry);
    }
  }

  files(): SnapshotFiles {
    const inOrder = (files: ReadonlyMap<string, LiveFile>) =>
      [...files.values()].sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1));
    return { data: inOrder(this.data), deletes: inOrder(this.deletes) };
  }

  private check({ content, format, isEncrypted }: ManifestEntry, manifest: ManifestFile): void {
    const { uri } = this.reading.root;
    if (content === "equalityDeletes") throw unsupportedFeature(uri, "equality deletes");
    if (isEncrypted) throw unsupportedFeature(uri, "encryption");
    if ((content !== "data") !== manifest.isOfDeletes)
      throw damagedMetadata(manifest.path, "it has data files among deletes, or deletes among data files");
    if (format === "PARQUET") return;
    throw unsupportedFeature(uri, format === "PUFFIN" ? "deletion vectors" : `files of ${format}`);
  }

  /** Source: Iceberg table specification, "Sequence Number Inheritance". */
  private sequenceNumberOf({ sequenceNumber, isExisting }: ManifestEntry, manifest: ManifestFile): number {
    if (this.reading.formatVersion === 1) return 0;
    const found = sequenceNumber ?? manifest.sequenceNumber;
    if (sequenceNumber === undefined && isExisting && manifest.sequenceNumber !== 0)
      throw damagedMetadata(manifest.path, "a file that was there before has no sequence number");
    if (found <= this.newest) return found;
    throw damagedMetadata(
      manifest.path,
      `a file has the sequence number ${found}, and its snapshot ${this.newest}`,
    );
  }

  private count({ nullCounts, lowerBounds, upperBounds }: ManifestEntry): void {
    for (const values of [nullCounts, lowerBounds, upperBounds]) this.keptBytes += values?.sizeBytes ?? 0;
    if (this.keptBytes > maxKeptBytes)
      throw tooLarge(this.reading, `statistics of more than ${maxKeptBytes} bytes`);
    if (this.data.size + this.deletes.size > maxFiles)
      throw tooLarge(this.reading, `more than ${maxFiles} files`);
  }
}

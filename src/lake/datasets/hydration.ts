import type { ObjectCache, PinnedFile } from "../cache/cache.ts";
import type { DeltaTables } from "../delta/delta-tables.ts";
import type { Footers } from "../describe/footers.ts";
import type { DetectedFormat } from "../formats/format.ts";
import type { IcebergTables } from "../iceberg/iceberg-tables.ts";
import type { LakeSettings } from "../settings.ts";
import type { Scan, SqlEngine, TextAnalysis } from "../sql/engine.ts";
import type { Stores } from "../stores/store.ts";
import type { StoredFiles } from "../tables/stored-files.ts";
import type { DataFile } from "./dataset.ts";
import type { KeptTables } from "./kept-tables.ts";
import type { ParquetFile, ParquetFiles } from "./open-parquet.ts";
import type { Pins } from "./pins.ts";
import type { Resolver } from "./resolver.ts";
import type { ScanBudget } from "./scan-budget.ts";
import type { Sniffer } from "./sniffer.ts";

/** What bringing files to local disk takes. */
export interface HydrationDeps {
  cache: ObjectCache;
  sniffer: Sniffer;
  engine: SqlEngine;
  stores: Stores;
  delta: DeltaTables;
  iceberg: IcebergTables;
  storedFiles: StoredFiles;
  settings: LakeSettings;
  resolver: Resolver;
  footers: Footers;
  parquet: ParquetFiles;
  tables: KeptTables;
}

/** What one call holds on to while it works. */
export interface CallHolds {
  pins: Pins;
  budget: ScanBudget;
}

/** A dataset on local disk, ready for a query worker. */
export interface HydratedTable {
  scan: Scan;
  /** Of CSV and JSON: types, rows and rejects of the whole dataset. */
  analysis?: TextAnalysis;
  /**
   * Of CSV of simple form: some of its rows, about the given share of all, as a table of its own, which is cheap to ask.
   * Undefined where there is no room for it.
   */
  sample?: (share: number) => Promise<Scan | undefined>;
  detected: DetectedFormat;
  notes: string[];
}

/** A file whose stored bytes are on local disk. */
export interface FetchedFile {
  file: DataFile;
  raw: PinnedFile;
  /** Of a Parquet file: only its footer need be there. */
  parquet?: ParquetFile;
  detected: DetectedFormat;
}

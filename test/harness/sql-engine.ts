import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import type { CsvDialect } from "../../src/lake/formats/format.ts";
import type { QuerySettings } from "../../src/lake/settings.ts";
import {
  createSqlEngine,
  type LocalSqlEngine,
  type SqlEngineDeps,
} from "../../src/lake/sql/create-sql-engine.ts";
import type { Column, NamedScan, RowPage, Scan, SqlScope } from "../../src/lake/sql/engine.ts";

const mebibyte = 1 << 20;

export const testQuerySettings: QuerySettings = {
  timeoutMs: 20_000,
  memoryBytes: 200 * mebibyte,
  threads: 2,
  workers: 1,
  tempBytes: 256 * mebibyte,
  maxScanBytes: 10_000 * mebibyte,
  maxResultBytes: 64 * mebibyte,
};

export interface TestSql {
  engine: LocalSqlEngine;
  /** A folder for the test's files, beside the engine's own. */
  dir: string;
  scratchDir: string;
  run(
    sql: string,
    tables?: NamedScan[],
    options?: Partial<Parameters<LocalSqlEngine["run"]>[0]>,
  ): Promise<RowPage>;
  /**
   * Starts a statement that gives rows until it is stopped or `maxResultBytes` are kept (some 10 MB a second), and
   * waits until a worker is seen at it. `ended` is what becomes of the call.
   */
  begin(signal?: AbortSignal): Promise<{ ended: Promise<RowPage> }>;
  close(): Promise<void>;
}

/** Far more rows than the engine keeps in a minute; the first are there at once. */
const endlessRows = "SELECT md5(range::VARCHAR) FROM range(1000000000000)";

/** An engine with real workers, running the bundle users run. */
export async function startTestSql(
  settings: Partial<QuerySettings> = {},
  deps: SqlEngineDeps = {},
): Promise<TestSql> {
  const dir = await mkdtemp(join(tmpdir(), "sluice-sql-"));
  const scratchDir = join(dir, "scratch");
  const entry = { nodeOptions: [], program: await bundledWorker() };
  const engine = createSqlEngine({ ...testQuerySettings, ...settings, scratchDir }, { entry, ...deps });
  return {
    engine,
    dir,
    scratchDir,
    run: (sql, tables = [], options = {}) =>
      engine.run(
        { sql, tables, maxRows: 1_000, maxBytes: 256 * 1024, keepRest: false, owner: "me", ...options },
        testScope(),
      ),
    async begin(signal = new AbortController().signal) {
      const bounds = { maxRows: 10, maxBytes: 10_000, keepRest: true };
      const request = { sql: endlessRows, tables: [], ...bounds, owner: "me" };
      let markSeen = () => {};
      const seen = new Promise<void>((resolve) => {
        markSeen = resolve;
      });
      const ended = engine.run(request, { signal, progress: markSeen });
      await Promise.race([seen, ended]);
      return { ended };
    },
    async close() {
      await engine.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export function testScope(signal: AbortSignal = new AbortController().signal): SqlScope {
  return { signal, progress: () => {} };
}

export const commaDialect: CsvDialect = {
  separator: ",",
  quote: '"',
  escape: '"',
  hasHeader: true,
  skipLines: 0,
};

export function csvScan(
  path: string,
  names: string[],
  dialect: Partial<CsvDialect> = {},
): Extract<Scan, { format: "csv" }> {
  return {
    format: "csv",
    files: [{ path, uri: `s3://lake/${path.split("/").pop()}`, partition: {} }],
    partitionColumns: [],
    dialect: { ...commaDialect, ...dialect },
    columns: names.map((name) => ({ name, type: "VARCHAR" })),
  };
}

export function ndjsonScan(path: string, columns: Column[] = []): Extract<Scan, { format: "ndjson" }> {
  return {
    format: "ndjson",
    files: [{ path, uri: `s3://lake/${path.split("/").pop()}`, partition: {} }],
    partitionColumns: [],
    columns,
  };
}

/** The worker as one file, below node_modules so that it finds the binding. */
async function bundledWorker(): Promise<string> {
  const outdir = join("node_modules", ".cache", "sluice-test", String(process.pid));
  await mkdir(outdir, { recursive: true });
  await build({
    entryPoints: { "query-worker": "src/lake/sql/worker/main.ts" },
    outdir,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    external: ["@duckdb/node-bindings"],
    logLevel: "warning",
  });
  return join(process.cwd(), outdir, "query-worker.js");
}

import type { LakeParts } from "../datasets/with-tables.ts";
import type { Footers } from "../describe/footers.ts";
import type { LongRunningEngine } from "../engines/long-running.ts";
import type { DatasetDescription, TableList } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import type { AthenaSettings, S3Settings } from "../settings.ts";
import { createAllowedTables, formatTable } from "./allowed-tables.ts";
import { createAwsSender } from "./clients.ts";
import { createAthenaEngine } from "./create-athena.ts";
import { athenaUri, describeTable } from "./describe-table.ts";
import { estimateScan } from "./estimate-scan.ts";
import { createExecutions, type PollTimes } from "./executions.ts";
import { createGlueCatalog } from "./glue-catalog.ts";
import { isAthenaUri, resolveStatement, tableOfUri } from "./resolve-statement.ts";
import { tableAt } from "./table-at.ts";
import { createWaiter } from "./wait.ts";

/** Athena and the tables it may read, opened with the settings of one server. */
export interface Athena {
  engine: LongRunningEngine;
  owns(uri: string): boolean;
  describe(uri: string, scope: LakeScope): Promise<DatasetDescription>;
  list(signal: AbortSignal): Promise<TableList>;
  close(): Promise<void>;
}

export interface OpenAthenaOptions {
  settings: AthenaSettings;
  credentials: S3Settings["credentials"];
  /** Of the lake, which looks at the tables' files where it may. */
  parts: LakeParts;
  footers: Footers;
  now(): number;
  newId(): string;
  times?: PollTimes | undefined;
}

/** Naming what may be read must not hang on Glue. */
const listMs = 8_000;

const defaultTimes: PollTimes = { firstMs: 250, mostMs: 3_000 };

/** Nothing is asked of AWS, and none of its packages loaded, before the first call that needs it. */
export function openAthena(options: OpenAthenaOptions): Athena {
  const { settings, credentials, parts, footers, now, newId, times = defaultTimes } = options;
  const sender = createAwsSender({ settings, credentials });
  const allowed = createAllowedTables(settings);
  const catalog = createGlueCatalog(sender, allowed, now);
  const executions = createExecutions(sender, settings, times);
  const waiter = createWaiter(executions, { times, maxScanBytes: settings.maxScanBytes });
  const resolveDeps = {
    allowed,
    catalog: settings.catalog,
    tableAt: (uri: string, scope: LakeScope) => tableAt({ parts, footers, catalog }, uri, scope),
  };
  const engine = createAthenaEngine({
    settings,
    sender,
    executions,
    waiter,
    resolve: (request, scope) => resolveStatement(resolveDeps, request, scope),
    estimate: (statement, scope) => estimateScan(parts, catalog, statement, scope),
    account: catalog.account,
    newId,
  });
  return {
    engine,
    owns: isAthenaUri,
    async describe(uri, scope) {
      const place = { region: await sender.region(), catalogName: settings.catalog };
      return describeTable(catalog, tableOfUri(allowed, uri), place, scope);
    },
    async list(caller) {
      const signal = AbortSignal.any([caller, AbortSignal.timeout(listMs)]);
      const [{ tables, isCut }, region] = await Promise.all([catalog.tables({ signal }), sender.region()]);
      return {
        tables: tables.map((table) => ({
          kind: "athena" as const,
          name: formatTable(table),
          uri: athenaUri(table),
          format: table.format,
          ...(table.location === undefined ? {} : { location: table.location }),
          region,
        })),
        notes: isCut ? [`Only ${tables.length} tables of the Glue catalog are listed; there are more.`] : [],
      };
    },
    async close() {
      await waiter.close();
      sender.close();
    },
  };
}

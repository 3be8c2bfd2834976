import type { ServiceGuard } from "../../core/service-guard.ts";
import type { LakeParts } from "../datasets/with-tables.ts";
import type { RemoteEngine } from "../engines/engine.ts";
import type { DatasetDescription } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import type { AthenaSettings, LakeSettings } from "../settings.ts";
import { sourcesOrNote } from "../sources-or-note.ts";
import { athenaUri, createAllowedTables, formatTable } from "./allowed-tables.ts";
import { type AwsSender, createAwsSender } from "./clients.ts";
import { createAthenaEngine } from "./create-athena.ts";
import { describeTable } from "./describe-table.ts";
import { estimateScan } from "./estimate-scan.ts";
import { createExecutions, type PollTimes } from "./executions.ts";
import { type CatalogTable, createGlueCatalog, type GlueCatalog } from "./glue-catalog.ts";
import { resolveStatement, tableOfUri } from "./resolve-statement.ts";
import { tableAt } from "./table-at.ts";
import { createWaiter } from "./wait.ts";

/** A table of the catalog, as it is listed. */
export interface AthenaSource {
  level: "table";
  /** As statements name it: `database.table`. */
  name: string;
  uri: string;
  format: string;
  location?: string;
  region: string;
}

/** The tables of the catalog that may be read. */
export interface AthenaTables {
  /** Throws `denied`, `not_found`, `throttled`, `unavailable`. */
  describe(uri: string, scope: LakeScope): Promise<DatasetDescription>;
  /** Says in a note that the catalog cannot be asked: what else there is must be named all the same. */
  list(signal: AbortSignal): Promise<{ sources: AthenaSource[]; notes: string[] }>;
  /** Throws `denied`, `invalid_input`, `not_found`, `throttled`, `unavailable`. Source: Athena GetWorkGroup. */
  workgroup(signal: AbortSignal): Promise<Workgroup>;
}

/** A workgroup as Athena has it. */
export interface Workgroup {
  name: string;
  isEnabled: boolean;
  /** Where its queries put results: the setting's place, or its own. Absent where neither is set. */
  outputLocation?: string;
  /** Athena itself stops a query that scans more. Absent: it stops none. */
  cutoffBytes?: number;
}

/** Athena and the tables it may read, opened with the settings of one server. */
export interface Athena extends AthenaTables {
  engine: RemoteEngine;
  close(): Promise<void>;
}

export interface OpenAthenaOptions {
  /** Of the lake, which looks at the tables' files where it may. */
  parts: LakeParts;
  now(): number;
  newId(): string;
  times?: PollTimes | undefined;
  /** What AWS's services are cut off by while they fail. */
  guard: ServiceGuard;
}

const defaultTimes: PollTimes = { firstMs: 250, mostMs: 3_000 };

/**
 * Nothing is asked of AWS, and none of its packages loaded, before the first call that needs it. Undefined where no
 * workgroup is set.
 */
export function openAthena(
  { athena: settings, s3 }: Pick<LakeSettings, "athena" | "s3">,
  { parts, guard, now, newId, times = defaultTimes }: OpenAthenaOptions,
): Athena | undefined {
  if (!settings) return undefined;
  const sender = createAwsSender({ settings, credentials: s3.credentials, guard });
  const allowed = createAllowedTables(settings);
  const catalog = createGlueCatalog(sender, allowed, now);
  const executions = createExecutions(sender, settings, times);
  const waiter = createWaiter(executions, { times, maxScanBytes: settings.maxScanBytes });
  const resolveDeps = {
    allowed,
    catalog: settings.catalog,
    tableAt: (uri: string, scope: LakeScope) => tableAt({ parts, catalog }, uri, scope),
  };
  const engine = createAthenaEngine({
    settings,
    allowed,
    sender,
    executions,
    waiter,
    resolve: (request, scope) => resolveStatement(resolveDeps, request, scope),
    estimate: (statement, scope) => estimateScan(parts, catalog, statement, scope),
    account: async ([table], scope) =>
      catalog.account() ?? (table && (await catalog.table(table, scope).catch(() => undefined))?.account),
    newId,
  });
  return {
    engine,
    async describe(uri, scope) {
      const place = { region: await sender.region(), catalogName: settings.catalog };
      return describeTable(catalog, tableOfUri(allowed, uri), place, scope);
    },
    list: (signal) => listSources({ catalog, sender }, signal),
    workgroup: (signal) => askWorkgroup(sender, settings, signal),
    async close() {
      await waiter.close();
      sender.close();
    },
  };
}

async function askWorkgroup(
  sender: AwsSender,
  { workgroup: name, outputLocation }: AthenaSettings,
  signal: AbortSignal,
): Promise<Workgroup> {
  const { GetWorkGroupCommand } = await import("@aws-sdk/client-athena");
  const command = new GetWorkGroupCommand({ WorkGroup: name });
  const { WorkGroup: found } = await sender.send("athena", `the workgroup ${name}`, signal, ({ athena }) =>
    athena.send(command, { abortSignal: signal }),
  );
  const {
    BytesScannedCutoffPerQuery: cutoffBytes,
    ResultConfiguration,
    ManagedQueryResultsConfiguration,
  } = found?.Configuration ?? {};
  const managed = ManagedQueryResultsConfiguration?.Enabled ? "Athena's managed storage" : undefined;
  const location = outputLocation ?? ResultConfiguration?.OutputLocation ?? managed;
  return {
    name,
    isEnabled: found?.State === "ENABLED",
    ...(location === undefined ? {} : { outputLocation: location }),
    ...(cutoffBytes === undefined ? {} : { cutoffBytes }),
  };
}

function listSources(
  { catalog, sender }: { catalog: GlueCatalog; sender: AwsSender },
  caller: AbortSignal,
): ReturnType<AthenaTables["list"]> {
  return sourcesOrNote("The tables of the Glue catalog", caller, async (signal) => {
    const [{ tables, isCut }, region] = await Promise.all([catalog.tables({ signal }), sender.region()]);
    const notes = isCut
      ? [`Only ${tables.length} tables of the Glue catalog are listed; there are more.`]
      : [];
    return { sources: tables.map((table) => sourceOf(table, region)), notes };
  });
}

function sourceOf(table: CatalogTable, region: string): AthenaSource {
  return {
    level: "table",
    name: formatTable(table),
    uri: athenaUri(table),
    format: table.format,
    ...(table.location === undefined ? {} : { location: table.location }),
    region,
  };
}

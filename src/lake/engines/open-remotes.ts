import { join } from "node:path";
import { ToolError } from "../../core/errors.ts";
import type { ServiceGuard } from "../../core/service-guard.ts";
import type { PollTimes } from "../athena/executions.ts";
import { type Athena, openAthena } from "../athena/open-athena.ts";
import { isAthenaUri } from "../athena/resolve-statement.ts";
import { createDatabricks } from "../databricks/create-databricks.ts";
import { isDatabricksName } from "../databricks/table-name.ts";
import type { TableStores } from "../databricks/table-stores.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { readRows } from "../datasets/read-rows.ts";
import { refuseMoment } from "../datasets/table-root-at.ts";
import type { LakeParts } from "../datasets/with-tables.ts";
import { describeDataset, describeResolved } from "../describe/describe-dataset.ts";
import type { DatasetDescription, DatasetRequest, DatasetRows, ReadRowsRequest } from "../lake.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import { readTableRows } from "./databricks-rows.ts";
import type { RemoteEngine } from "./engine.ts";
import { KeptRows } from "./kept-rows.ts";

export interface RemoteDeps {
  parts: LakeParts;
  /** Of tables whose files are read with credentials of their own. */
  tableStores: TableStores;
  scratchDir: string;
  /** What services are cut off by while they fail. */
  guard: ServiceGuard;
  now(): number;
  newId(): string;
  athenaTimes?: PollTimes | undefined;
}

/** The catalogs and engines beside this machine's own. */
export interface Remotes {
  databricks: ReturnType<typeof createDatabricks> | undefined;
  athena: Athena | undefined;
  /** In the order `auto` asks them. */
  engines: readonly RemoteEngine[];
  describe(request: DatasetRequest, scope: LakeScope): Promise<DatasetDescription>;
  readRows(request: ReadRowsRequest, scope: LakeScope): Promise<DatasetRows>;
  /** The files of a table of Unity Catalog. Undefined for other names. */
  dataset(request: DatasetRequest, scope: LakeScope): Promise<Dataset> | undefined;
  close(): Promise<void>;
}

/** Those the settings set up. */
export function openRemotes(deps: RemoteDeps): Remotes {
  const { parts, tableStores, scratchDir, guard, now, newId, athenaTimes: times } = deps;
  const { settings, engine: parser, delta } = parts;
  const kept = new KeptRows({
    folder: join(scratchDir, `remote-${newId()}`),
    maxResultBytes: settings.query.maxResultBytes,
    now,
    newId,
  });
  const databricks =
    settings.databricks &&
    createDatabricks(settings.databricks, {
      kept,
      parser,
      guard,
      now,
      s3: settings.s3,
      stores: tableStores,
      delta,
      describeDataset: (dataset, scope) => describeResolved(parts, dataset, scope),
    });
  const athena = openAthena(settings, { parts, guard, now, newId, times });
  const rowsOfFiles = (request: ReadRowsRequest, scope: LakeScope) => readRows(parts, request, scope);
  const readRowsOfTable = readTableRows(databricks?.engine, rowsOfFiles);
  return {
    databricks,
    athena,
    engines: [athena?.engine, databricks?.engine].filter((engine) => engine !== undefined),
    async describe(request, scope) {
      const { uri, version, timestamp, snapshot } = request;
      if (databricks && isDatabricksName(uri)) return databricks.describe(request, scope);
      if (!athena || !isAthenaUri(uri)) return describeDataset(parts, request, scope);
      refuseMoment(uri, { version, timestamp, snapshot });
      return athena.describe(uri, scope);
    },
    readRows: async (request, scope) =>
      isDatabricksName(request.uri) ? readRowsOfTable(request, scope) : rowsOfFiles(request, scope),
    dataset(request, scope) {
      if (!isDatabricksName(request.uri)) return undefined;
      if (databricks) return databricks.dataset(request, scope);
      throw noWorkspace(request.uri);
    },
    async close() {
      await Promise.allSettled([athena?.close(), kept.close()]);
    },
  };
}

function noWorkspace(uri: string): ToolError {
  return new ToolError(
    "invalid_input",
    `${quoteName(uri)} is a table of Databricks, and no workspace is set up (lake.databricks).`,
    { details: { setting: "lake.databricks" } },
  );
}

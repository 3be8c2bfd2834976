import { join } from "node:path";
import type { PollTimes } from "../athena/executions.ts";
import { type Athena, openAthena } from "../athena/open-athena.ts";
import { isAthenaUri } from "../athena/resolve-statement.ts";
import { createDatabricks } from "../databricks/create-databricks.ts";
import { isDatabricksName } from "../databricks/table-name.ts";
import { refuseMoment } from "../datasets/delta-root.ts";
import type { LakeParts } from "../datasets/with-tables.ts";
import type { DatasetDescription, DatasetRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import type { RemoteEngine } from "./engine.ts";
import { KeptRows } from "./kept-rows.ts";

export interface RemoteDeps {
  parts: LakeParts;
  scratchDir: string;
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
  /** Undefined for what is no table of a catalog. */
  describe(request: DatasetRequest, scope: LakeScope): Promise<DatasetDescription> | undefined;
  close(): Promise<void>;
}

/** Those the settings set up. */
export function openRemotes({ parts, scratchDir, now, newId, athenaTimes: times }: RemoteDeps): Remotes {
  const { settings, engine: parser } = parts;
  const kept = new KeptRows({
    folder: join(scratchDir, `remote-${newId()}`),
    maxResultBytes: settings.query.maxResultBytes,
    now,
    newId,
  });
  const databricks = settings.databricks && createDatabricks(settings.databricks, { kept, parser, now });
  const athena = openAthena(settings, { parts, now, newId, times });
  return {
    databricks,
    athena,
    engines: [athena?.engine, databricks?.engine].filter((engine) => engine !== undefined),
    describe({ uri, version, timestamp }, scope) {
      const remote =
        databricks && isDatabricksName(uri)
          ? databricks.tables
          : athena && isAthenaUri(uri)
            ? athena
            : undefined;
      if (!remote) return undefined;
      refuseMoment(uri, { version, timestamp });
      return remote.describe(uri, scope);
    },
    async close() {
      await Promise.allSettled([athena?.close(), kept.close()]);
    },
  };
}

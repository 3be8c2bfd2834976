import { z } from "zod";
import type { Catalog } from "./catalog.ts";
import type { Rest } from "./rest.ts";

/** A SQL warehouse. States: `STARTING`, `RUNNING`, `STOPPING`, `STOPPED`, `DELETING`, `DELETED`. */
export interface Warehouse {
  name: string;
  state: string;
}

/** Questions that show whether what the settings name can be reached. Each throws as tools would. */
export interface DatabricksHealth {
  /** Whether the principal sees this catalog, schema or table. */
  reach(parts: readonly string[], signal: AbortSignal): Promise<void>;
  /** Nothing where the settings name none. Source: SQL Warehouses API, `GET /api/2.0/sql/warehouses/{id}`. */
  warehouse(signal: AbortSignal): Promise<Warehouse | undefined>;
}

const answer = z.object({ name: z.string().default(""), state: z.string() });

export function createHealth(
  rest: Rest,
  catalog: Catalog,
  warehouseId: string | undefined,
): DatabricksHealth {
  return {
    async reach(parts, signal) {
      const [name = "", schema, table] = parts;
      if (schema !== undefined && table !== undefined) {
        await catalog.table({ catalog: name, schema, table }, signal);
      } else await catalog.list(parts, 1, signal);
    },
    async warehouse(signal) {
      if (warehouseId === undefined) return undefined;
      const path = `/api/2.0/sql/warehouses/${encodeURIComponent(warehouseId)}`;
      const about = `the warehouse "${warehouseId}"`;
      return rest.send({ method: "GET", path, about, grant: "CAN USE on it", answer }, signal);
    },
  };
}

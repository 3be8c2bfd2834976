import { z } from "zod";
import { quoteName } from "../location-names.ts";
import type { Rest } from "./rest.ts";
import { formatDatabricksName, partsOf, type TableName } from "./table-name.ts";

const base = "/api/2.1/unity-catalog";
const namesPerPage = "200";
/** Pages walked for one list; Databricks may give empty ones on the way. */
const maxPages = 50;

const columnInfo = z.object({
  name: z.string(),
  type_text: z.string().default(""),
  comment: z.string().optional(),
  nullable: z.boolean().optional(),
  partition_index: z.int().optional(),
  mask: z.unknown().optional(),
});

const tableInfo = z.object({
  name: z.string(),
  table_id: z.string().optional(),
  table_type: z.string().default("UNKNOWN"),
  data_source_format: z.string().optional(),
  columns: z.array(columnInfo).default([]),
  comment: z.string().optional(),
  owner: z.string().optional(),
  storage_location: z.string().optional(),
  properties: z.record(z.string(), z.string()).optional(),
  row_filter: z.unknown().optional(),
  created_at: z.number().optional(),
  updated_at: z.number().optional(),
});

/** A table or view as Unity Catalog describes it. Times in milliseconds since the epoch. */
export type TableInfo = z.output<typeof tableInfo>;

const names = z.array(z.object({ name: z.string() })).default([]);
const next = z.string().optional();
const catalogsAnswer = z.object({ catalogs: names, next_page_token: next });
const schemasAnswer = z.object({ schemas: names, next_page_token: next });
const tablesAnswer = z.object({ tables: names, next_page_token: next });

const credentialsAnswer = z.object({
  aws_temp_credentials: z
    .object({ access_key_id: z.string(), secret_access_key: z.string(), session_token: z.string() })
    .optional(),
  /** Milliseconds since the epoch. */
  expiration_time: z.number(),
  url: z.string(),
});

/** Credentials for one table's files, and where these lie. */
export type TableCredentials = z.output<typeof credentialsAnswer>;

/** Some names of a list, and whether it has more. */
export interface NameList {
  names: string[];
  more: boolean;
}

/** Unity Catalog's REST API. It asks for what it is told: the caller checks what may be read. */
export interface Catalog {
  /** Names one level below: catalogs below nothing, schemas below a catalog, tables and views below a schema. */
  list(parts: readonly string[], maxNames: number, signal: AbortSignal): Promise<NameList>;
  /** Throws `not_found`, `denied`. */
  table(name: TableName, signal: AbortSignal): Promise<TableInfo>;
  /** Temporary credentials that read the table's files, for tables whose id the catalog tells. */
  credentials(tableId: string, name: TableName, signal: AbortSignal): Promise<TableCredentials>;
}

interface Page {
  names: { name: string }[];
  token: string | undefined;
}

export function createCatalog(rest: Rest): Catalog {
  return {
    async list(parts, maxNames, signal) {
      const found: string[] = [];
      let token: string | undefined;
      for (let pages = 0; pages < maxPages; pages++) {
        const { names, token: following } = await pageOf(rest, parts, token, signal);
        found.push(...names.map(({ name }) => name));
        token = following === "" ? undefined : following;
        if (token === undefined || found.length > maxNames) break;
      }
      return { names: found.slice(0, maxNames), more: token !== undefined || found.length > maxNames };
    },
    table: (name, signal) =>
      rest.send(
        {
          method: "GET",
          path: `${base}/tables/${encodeURIComponent(partsOf(name).join("."))}`,
          ...subjectOf(name),
          answer: tableInfo,
        },
        signal,
      ),
    credentials: (tableId, name, signal) =>
      rest.send(
        {
          method: "POST",
          path: `${base}/temporary-table-credentials`,
          body: { table_id: tableId, operation: "READ" },
          ...subjectOf(name),
          grant: "EXTERNAL USE SCHEMA on its schema, and turn on external data access of the metastore",
          answer: credentialsAnswer,
        },
        signal,
      ),
  };
}

async function pageOf(
  rest: Rest,
  parts: readonly string[],
  token: string | undefined,
  signal: AbortSignal,
): Promise<Page> {
  const [catalog, schema] = parts;
  const query = { max_results: namesPerPage, ...(token === undefined ? {} : { page_token: token }) };
  const about =
    parts.length === 0 ? "the list of catalogs" : `the list of ${quoteName(formatDatabricksName(parts))}`;
  const request = { method: "GET", about, grant: "USE CATALOG and USE SCHEMA" } as const;
  if (catalog === undefined) {
    const found = await rest.send(
      { ...request, path: `${base}/catalogs`, query, answer: catalogsAnswer },
      signal,
    );
    return { names: found.catalogs, token: found.next_page_token };
  }
  const inCatalog = { ...query, catalog_name: catalog };
  if (schema === undefined) {
    const found = await rest.send(
      { ...request, path: `${base}/schemas`, query: inCatalog, answer: schemasAnswer },
      signal,
    );
    return { names: found.schemas, token: found.next_page_token };
  }
  const inSchema = { ...inCatalog, schema_name: schema, omit_columns: "true", omit_properties: "true" };
  const found = await rest.send(
    { ...request, path: `${base}/tables`, query: inSchema, answer: tablesAnswer },
    signal,
  );
  return { names: found.tables, token: found.next_page_token };
}

function subjectOf(name: TableName) {
  return {
    about: `the table ${quoteName(formatDatabricksName(partsOf(name)))}`,
    grant: "SELECT on it, USE SCHEMA and USE CATALOG",
  };
}

import { ToolError } from "../../core/errors.ts";
import type { ObjectCache, PinnedFile } from "../cache/cache.ts";
import { readLocal } from "../datasets/open-parquet.ts";
import { type ParquetFooter, readParquetFooter } from "../formats/parquet-footer.ts";
import type { LakeScope } from "../scope.ts";
import type { Scan, SqlEngine } from "../sql/engine.ts";
import type { StoredObject, Stores } from "../stores/store.ts";
import type { TableRoot } from "../tables/table-root.ts";
import { type Action, actionOf, damagedLog, type Sidecar } from "./actions.ts";
import type { Checkpoint } from "./log-files.ts";
import { readActions } from "./read-lines.ts";
import { structMembers } from "./struct-members.ts";
import { pathInTable } from "./table-path.ts";

/** What reading a log takes. */
export interface LogReading {
  stores: Stores;
  cache: ObjectCache;
  engine: SqlEngine;
}

const rowsAtOnce = 20_000;
const bytesAtOnce = 128 << 20;

/** The actions of a checkpoint and of the files beside it. Source: Delta protocol, "Checkpoints", "V2 Spec". */
export async function* readCheckpoint(
  parts: LogReading,
  root: TableRoot,
  { form, parts: objects }: Checkpoint,
  scope: LakeScope,
): AsyncGenerator<Action> {
  const sidecars: Sidecar[] = [];
  for (const object of objects) {
    const actions =
      form === "json" ? readActions(parts.stores, object, scope) : readParquet(parts, object, scope);
    for await (const action of actions) {
      if (action.sidecar) sidecars.push(action.sidecar);
      yield action;
    }
  }
  for (const { path } of sidecars) {
    const name = /^[a-zA-Z][a-zA-Z0-9+.-]*:|^\//.test(path) ? path : `_delta_log/_sidecars/${path}`;
    const object = await headOfSidecar(parts.stores, root, name, scope);
    yield* readParquet(parts, object, scope);
  }
}

async function headOfSidecar(stores: Stores, root: TableRoot, name: string, { signal }: LakeScope) {
  const location = pathInTable(root, name);
  try {
    return await stores.head(location, signal);
  } catch (thrown) {
    if (!(thrown instanceof ToolError) || thrown.code !== "not_found") throw thrown;
    throw damagedLog(root.uri, `the file ${JSON.stringify(name)} of its checkpoint is not there`, thrown);
  }
}

/** By the query engine, some rows at a time: a checkpoint can be larger than memory. */
async function* readParquet(
  { cache, engine }: LogReading,
  object: StoredObject,
  scope: LakeScope,
): AsyncGenerator<Action> {
  const file = await cache.object(object, scope);
  try {
    const files = [{ path: file.path, uri: object.uri, partition: {} }];
    const ask = async (sql: string, range: { start: number; end: number }) => {
      const scan: Scan = { format: "parquet", files, partitionColumns: [], ranges: [{ file: 0, ...range }] };
      const tables = [{ name: "checkpoint", scan }];
      const bounds = { maxRows: rowsAtOnce, maxBytes: bytesAtOnce, keepRest: false, owner: "delta" };
      return engine.run({ sql, tables, ...bounds }, scope).catch((thrown: unknown) => {
        throw unreadable(thrown, object);
      });
    };
    const { columns, rowCount } = await footerOf(file, object);
    const sql = actionsSql(columns, object);
    let step = rowsAtOnce;
    for (let start = 0; start < rowCount; ) {
      const page = await ask(sql, { start, end: start + step });
      if (page.more && step > 1) {
        step = Math.ceil(step / 4);
        continue;
      }
      if (page.more) throw damagedLog(object.uri, `one of its actions takes more than ${bytesAtOnce} bytes`);
      for (const [text] of page.rows) yield actionOf(JSON.parse(String(text)), object.uri);
      start += step;
    }
  } finally {
    file.release();
  }
}

async function footerOf({ path, sizeBytes }: PinnedFile, { uri }: StoredObject): Promise<ParquetFooter> {
  try {
    return await readParquetFooter((start, end) => readLocal(path, { start, end }), sizeBytes);
  } catch (thrown) {
    throw damagedLog(uri, "the checkpoint cannot be read as Parquet", thrown);
  }
}

/** The statement is made here by what the footer says: where it cannot be run, that is the checkpoint's fault. */
function unreadable(thrown: unknown, { uri }: StoredObject): unknown {
  if (!(thrown instanceof ToolError) || !["invalid_input", "unsupported", "internal"].includes(thrown.code)) {
    return thrown;
  }
  return damagedLog(uri, "the checkpoint cannot be read as Parquet", thrown);
}

/** Members of an action that are read; writers leave out some, never the first. */
const wanted: Record<string, readonly string[]> = {
  add: ["path", "partitionValues", "size", "modificationTime", "deletionVector"],
  protocol: ["minReaderVersion", "minWriterVersion", "readerFeatures", "writerFeatures"],
  metaData: [
    "schemaString",
    "id",
    "name",
    "description",
    "format",
    "partitionColumns",
    "configuration",
    "createdTime",
  ],
  sidecar: ["path", "sizeInBytes"],
};

/** One JSON text for each row with an action that counts. Throws `invalid_input` for an action that is of no use. */
function actionsSql(columns: readonly { name: string; type: string }[], { uri }: StoredObject): string {
  const actions: string[] = [];
  const present: string[] = [];
  for (const [action, members] of Object.entries(wanted)) {
    const type = columns.find(({ name }) => name === action)?.type;
    if (type === undefined) continue;
    const own = structMembers(type);
    const values = members.filter((name) => own.includes(name)).map((name) => `${name} := ${action}.${name}`);
    if (action === "add") values.push(...statisticsSql(own));
    const [first = ""] = members;
    if (!own.includes(first)) throw damagedLog(uri, `the column ${action} of its checkpoint has no ${first}`);
    // Some writers give a struct of nulls where an action is none.
    const isPresent = `${action}.${first} IS NOT NULL`;
    present.push(isPresent);
    actions.push(`${action} := CASE WHEN ${isPresent} THEN struct_pack(${values.join(", ")}) END`);
  }
  if (actions.length === 0) return "SELECT '{}' WHERE false";
  return `SELECT to_json(struct_pack(${actions.join(", ")}))::VARCHAR FROM checkpoint WHERE ${present.join(" OR ")}`;
}

/** Some writers keep statistics in columns of their own beside a text, or in place of one. */
function statisticsSql(members: readonly string[]): string[] {
  const forms = [
    ...(members.includes("stats") ? ["add.stats"] : []),
    ...(members.includes("stats_parsed") ? ["to_json(add.stats_parsed)::VARCHAR"] : []),
  ];
  return forms.length === 0 ? [] : [`stats := coalesce(${forms.join(", ")})`];
}

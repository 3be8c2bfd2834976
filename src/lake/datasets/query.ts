import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import { type RequestCursors, requestCursors } from "../../core/results.ts";
import { closest } from "../../core/suggest.ts";
import { formatTableName, isDatabricksName, parseTableName } from "../databricks/table-name.ts";
import type { DatasetRequest, DatasetRows, LakeQueryRequest } from "../lake.ts";
import { formatLocation, quoteName } from "../location-names.ts";
import { callerOf, type LakeScope } from "../scope.ts";
import { foldName } from "../sql/gate/syntax-tree.ts";
import { countByAnalysis } from "./count-by-analysis.ts";
import { countByFooters } from "./count-by-footers.ts";
import { countByLog } from "./count-by-log.ts";
import { hasWildcard } from "./glob.ts";
import { mapBounded } from "./map-bounded.ts";
import type { NamedDataset } from "./plan-hydration.ts";
import { withPruned } from "./prune-files.ts";
import { rejectedRows, tableNotes } from "./rejected-rows.ts";
import { withStart } from "./with-start.ts";
import { type LakeParts, type OpenTable, scansOf, withTables } from "./with-tables.ts";

/** A place in a result that is kept. */
const resultPlace = { handle: z.string(), offset: z.int().min(0) };
type Cursors = RequestCursors<{ handle: string; offset: number }>;

/** Tables one statement may read from. */
const maxTables = 64;

/** The first page of a statement's result, or a further one of a result that is kept. */
export async function query(
  parts: LakeParts,
  request: LakeQueryRequest,
  scope: LakeScope,
): Promise<DatasetRows> {
  const { sql, sources } = request;
  const ofAnother = "The cursor belongs to another statement. Give the same arguments with it.";
  const cursors = requestCursors([sql, sources], resultPlace, ofAnother);
  return request.cursor === undefined
    ? firstPage(parts, request, cursors, scope)
    : furtherPage(parts, request, request.cursor, cursors, scope);
}

async function firstPage(
  parts: LakeParts,
  { sql, sources, maxRows, maxBytes }: LakeQueryRequest,
  cursors: Cursors,
  scope: LakeScope,
): Promise<DatasetRows> {
  const plan = await parts.engine.plan(sql, scope);
  return withNamedTables(parts, plan.tables, sources, scope, async (named, scope) => {
    const answer = async (tables: readonly OpenTable[]) =>
      countByAnalysis(tables, plan) ??
      runFirstPage(parts, tables, { sql, maxRows, maxBytes }, cursors, scope);
    const ofStart = await withStart(parts, named, plan.firstRows, scope, answer);
    if (ofStart) return ofStart;
    const counted =
      (await countByLog(parts, named, plan, scope)) ??
      (await countByFooters(parts.footers, named, plan, scope));
    if (counted) return counted;
    return withPruned(parts, named, plan, scope, (tables) => withTables(parts, tables, scope, answer));
  });
}

async function runFirstPage(
  { engine }: LakeParts,
  tables: readonly OpenTable[],
  { sql, maxRows, maxBytes }: Pick<LakeQueryRequest, "sql" | "maxRows" | "maxBytes">,
  cursors: Cursors,
  scope: LakeScope,
): Promise<DatasetRows> {
  const page = await engine.run(
    { sql, tables: scansOf(tables), maxRows, maxBytes, keepRest: true, owner: ownerOf(scope) },
    scope,
  );
  const { handle, ...rest } = page;
  const next = handle === undefined ? undefined : { handle, offset: page.rows.length };
  return {
    ...rest,
    ...(next ? { cursor: cursors.encode(next) } : {}),
    ...rejectedRows(tables),
    notes: [...tableNotes(tables), ...page.notes],
  };
}

async function furtherPage(
  parts: LakeParts,
  { sql, sources, maxRows, maxBytes }: LakeQueryRequest,
  cursor: string,
  cursors: Cursors,
  scope: LakeScope,
): Promise<DatasetRows> {
  const { handle, offset } = cursors.decode(cursor);
  const { engine } = parts;
  await checkCatalogsTables(parts, { sql, sources }, scope);
  const { handle: _same, ...page } = await engine.nextPage(handle, offset, ownerOf(scope), {
    maxRows,
    maxBytes,
  });
  const next = { handle, offset: offset + page.rows.length };
  return { ...page, ...(page.more ? { cursor: cursors.encode(next) } : {}), rejectedCount: 0, rejects: [] };
}

/** Asks the catalog whether its tables may be read still, as a result is kept longer than that may hold. */
async function checkCatalogsTables(
  { engine, resolver }: LakeParts,
  { sql, sources }: Pick<LakeQueryRequest, "sql" | "sources">,
  scope: LakeScope,
): Promise<void> {
  const isNamed = Object.values(sources).some(({ uri }) => isDatabricksName(uri)) || /databricks:/i.test(sql);
  if (!isNamed) return;
  const { tables } = await engine.plan(sql, scope);
  const ofCatalog = tables.map(sourceFinder(sources)).filter(({ uri }) => isDatabricksName(uri));
  await mapBounded(ofCatalog, 4, (request) => resolver.resolve(request, scope));
}

/** Names that SQL does not tell apart are one table, where they are one dataset; else the engine refuses them. */
function uniqueNames(names: readonly string[]): string[] {
  const plain = names.filter((name) => !name.includes("/"));
  const folded = new Map(plain.map((name) => [foldName(name), name]));
  return [...names.filter((name) => name.includes("/")), ...folded.values()];
}

/** Does `work` on the dataset of each name, which is looked for once where several names are spellings of one place. */
export async function withNamedTables<T>(
  { stores, resolver }: LakeParts,
  given: readonly string[],
  sources: LakeQueryRequest["sources"],
  scope: LakeScope,
  work: (tables: NamedDataset[], scope: LakeScope) => Promise<T>,
): Promise<T> {
  const names = uniqueNames(given);
  if (names.length > maxTables) {
    throw new ToolError(
      "too_large",
      `The statement names ${names.length} tables; ${maxTables} are allowed. Name a folder or a glob in place of its files.`,
      { details: { tables: names.length, maxTables } },
    );
  }
  const sourceOf = sourceFinder(sources);
  const requests = new Map<string, DatasetRequest>();
  const named = names.map((name) => {
    const request = sourceOf(name);
    const key = placeKey(stores, request);
    if (!requests.has(key)) requests.set(key, request);
    return { name, key };
  });
  return resolver.withDatasets([...requests.values()], scope, (datasets, scope) => {
    const byKey = new Map([...requests.keys()].map((key, at) => [key, datasets[at]]));
    const tables = named.flatMap(({ name, key }) => {
      const dataset = byKey.get(key);
      return dataset ? [{ name, dataset }] : [];
    });
    return work(tables, scope);
  });
}

/** Equal for requests that name one place in spellings of it and say the same of it. */
function placeKey(stores: LakeParts["stores"], { uri, ...hints }: DatasetRequest): string {
  return JSON.stringify([placeOf(stores, uri), Object.entries(hints).sort()]);
}

function placeOf(stores: LakeParts["stores"], uri: string): string {
  if (isDatabricksName(uri)) return formatTableName(parseTableName(uri));
  // Patterns are not resolved whole: what they mean depends on how they are written.
  return hasWildcard(uri) ? uri : formatLocation(stores.resolve(uri));
}

/** What a name in FROM stands for. The finder throws `invalid_input` for one that is neither a source nor a place. */
function sourceFinder(sources: LakeQueryRequest["sources"]): (name: string) => DatasetRequest {
  const exact = new Map(Object.entries(sources));
  // Reversed, so that the first of those that differ in case only is the one found.
  const folded = new Map([...exact].reverse().map(([name, source]) => [foldName(name), source]));
  return (name) => {
    const source = exact.get(name) ?? folded.get(foldName(name));
    if (source) return source;
    if (name.includes("/")) return { uri: name };
    throw unknownTable(name, [...exact.keys()]);
  };
}

function unknownTable(name: string, known: readonly string[]): ToolError {
  if (name === "__proto__") {
    return new ToolError(
      "invalid_input",
      "A table cannot be called __proto__. Give it another name in sources.",
    );
  }
  const near = closest(name, known);
  return new ToolError(
    "invalid_input",
    `The table ${quoteName(name)} is not among sources${near ? `; did you mean ${quoteName(near)}?` : ""}` +
      `${known.length > 0 ? ` (${known.slice(0, 10).join(", ")})` : ""}. Name it there, or write FROM 's3://bucket/folder/'.`,
  );
}

/** Results are kept for this caller alone. */
function ownerOf(scope: LakeScope): string {
  return JSON.stringify(callerOf(scope));
}

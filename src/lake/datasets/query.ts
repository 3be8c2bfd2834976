import { createHash } from "node:crypto";
import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import { decodeCursor, encodeCursor } from "../../core/results.ts";
import { closest } from "../../core/suggest.ts";
import type { DatasetRequest, DatasetRows, LakeQueryRequest } from "../lake.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import { foldName } from "../sql/gate/syntax-tree.ts";
import { mapBounded } from "./map-bounded.ts";
import { rejectedRows, tableNotes } from "./rejected-rows.ts";
import { resolveDataset } from "./resolve-dataset.ts";
import { type LakeParts, scansOf, withTables } from "./with-tables.ts";

/** A place in a result that is kept. */
const resultCursor = z.strictObject({ request: z.string(), handle: z.string(), offset: z.int().min(0) });

/** The first page of a statement's result, or a further one of a result that is kept. */
export async function query(
  parts: LakeParts,
  request: LakeQueryRequest,
  scope: LakeScope,
): Promise<DatasetRows> {
  const { sql, sources } = request;
  const digest = createHash("sha256")
    .update(JSON.stringify([sql, sources]))
    .digest("base64url")
    .slice(0, 16);
  return request.cursor === undefined
    ? firstPage(parts, request, digest, scope)
    : furtherPage(parts, request, request.cursor, digest, scope);
}

async function firstPage(
  parts: LakeParts,
  { sql, sources, maxRows, maxBytes }: LakeQueryRequest,
  digest: string,
  scope: LakeScope,
): Promise<DatasetRows> {
  const plan = await parts.engine.plan(sql, scope);
  const named = await mapBounded(uniqueNames(plan.tables), 4, async (name) => ({
    name,
    dataset: await resolveDataset(parts.stores, sourceOf(name, sources), scope),
  }));
  return withTables(parts, named, scope, async (tables) => {
    const page = await parts.engine.run(
      { sql, tables: scansOf(tables), maxRows, maxBytes, keepRest: true, owner: ownerOf(scope) },
      scope,
    );
    const { handle, ...rest } = page;
    const next = handle === undefined ? undefined : { request: digest, handle, offset: page.rows.length };
    return {
      ...rest,
      ...(next ? { cursor: encodeCursor(next) } : {}),
      ...rejectedRows(tables),
      notes: [...tableNotes(tables), ...page.notes],
    };
  });
}

async function furtherPage(
  { engine }: LakeParts,
  { maxRows, maxBytes }: LakeQueryRequest,
  cursor: string,
  digest: string,
  scope: LakeScope,
): Promise<DatasetRows> {
  const { request, handle, offset } = decodeCursor(cursor, resultCursor);
  if (request !== digest) {
    throw new ToolError(
      "invalid_input",
      "The cursor belongs to another statement. Give the same arguments with it.",
    );
  }
  const { handle: _same, ...page } = await engine.nextPage(handle, offset, ownerOf(scope), {
    maxRows,
    maxBytes,
  });
  const next = { request, handle, offset: offset + page.rows.length };
  return { ...page, ...(page.more ? { cursor: encodeCursor(next) } : {}), rejectedCount: 0, rejects: [] };
}

/** Names that SQL does not tell apart are one table, where they are one dataset; else the engine refuses them. */
function uniqueNames(names: readonly string[]): string[] {
  const plain = names.filter((name) => !name.includes("/"));
  const folded = new Map(plain.map((name) => [foldName(name), name]));
  return [...names.filter((name) => name.includes("/")), ...folded.values()];
}

/** What a name in FROM stands for. Throws `invalid_input` for one that is neither a source nor a place. */
function sourceOf(name: string, sources: LakeQueryRequest["sources"]): DatasetRequest {
  const known = Object.keys(sources);
  const key =
    known.find((source) => source === name) ?? known.find((source) => foldName(source) === foldName(name));
  const source = key === undefined ? undefined : sources[key];
  if (source) return source;
  if (name.includes("/")) return { uri: name };
  const near = closest(name, known);
  throw new ToolError(
    "invalid_input",
    `The table ${quoteName(name)} is not among sources${near ? `; did you mean ${quoteName(near)}?` : ""}` +
      `${known.length > 0 ? ` (${known.slice(0, 10).join(", ")})` : ""}. Name it there, or write FROM 's3://bucket/folder/'.`,
  );
}

/** Results are kept for this caller alone. */
function ownerOf({ tenantId, principalId }: LakeScope): string {
  return JSON.stringify([tenantId, principalId]);
}

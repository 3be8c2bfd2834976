import { z } from "zod";
import { jsonDigest } from "../../core/digest.ts";
import { ToolError } from "../../core/errors.ts";
import { type RequestCursors, requestCursors } from "../../core/results.ts";
import { countOfFiles } from "../datasets/count-of-files.ts";
import type { Execution, RemoteEngine, RemoteRows } from "../engines/engine.ts";
import type { LakeQueryRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import type { AthenaSettings } from "../settings.ts";
import type { TableName } from "./allowed-tables.ts";
import { type ChooserDeps, createChooser } from "./choose.ts";
import type { AwsSender } from "./clients.ts";
import { billedBytes, costUsd, priceNote } from "./cost.ts";
import type { AthenaScan } from "./estimate-scan.ts";
import type { ExecutionState, Executions } from "./executions.ts";
import type { ResolvedStatement } from "./resolve-statement.ts";
import { readResult } from "./results.ts";
import type { Waiter } from "./wait.ts";

export interface AthenaEngineDeps extends ChooserDeps {
  sender: AwsSender;
  executions: Executions;
  waiter: Waiter;
  /** The account whose catalog the tables are of, where the catalog says it. */
  account(tables: readonly TableName[], scope: LakeScope): Promise<string | undefined>;
  newId(): string;
}

const place = { id: z.string(), token: z.string().optional(), skip: z.int().min(0) };
type Cursors = RequestCursors<z.output<z.ZodObject<typeof place>>>;

/** Athena as an engine of `lake_query`: statements in Trino's SQL over allowed tables of one catalog. */
export function createAthenaEngine(deps: AthenaEngineDeps): RemoteEngine {
  return {
    name: "athena",
    ...createChooser(deps),
    async stop(id, scope) {
      await deps.executions.stop(id, ownerOf(scope), scope.signal);
    },
    async run(request, scope) {
      if (request.cursor !== undefined) {
        const at = cursorsOf(request).decode(request.cursor);
        // The tables may no longer be allowed, and Athena keeps results for weeks.
        return pageOf(deps, request, { ...at, statement: await deps.resolve(request, scope) }, scope);
      }
      const { id, statement, notes } = await begun(deps, request, scope);
      const state = await deps.waiter.finish(id, ownerOf(scope), scope);
      const page = await pageOf(deps, request, { id, skip: 0, statement, state }, scope);
      return { ...page, notes: [...notes, ...page.notes] };
    },
  };
}

/** The query of a first page: the one an earlier call started, else a new one. */
async function begun(deps: AthenaEngineDeps, request: LakeQueryRequest, scope: LakeScope) {
  const { outside } = scope;
  if (!outside?.resumes) outside?.beginning();
  const statement = await deps.resolve(request, scope);
  if (outside?.resumes) return { id: outside.resumes.id, statement, notes: [] };
  const notes = [...statement.notes, ...checkScan(deps.settings, await deps.estimate(statement, scope))];
  const started = { sql: statement.sql, token: deps.newId(), owner: ownerOf(scope) };
  const id = await deps.waiter.start(started, scope);
  outside?.began({ system: "athena", id, notes });
  return { id, statement, notes };
}

/** Throws `too_large` where the statement will scan more than is allowed; says where that cannot be told. */
function checkScan({ maxScanBytes }: AthenaSettings, scan: AthenaScan): string[] {
  if (scan.bytes === undefined) return scan.notes;
  const bytesBilled = billedBytes(scan.bytes);
  if (bytesBilled <= maxScanBytes) return [];
  if (scan.exactness === "at most") {
    return [
      `Athena may scan up to ${scan.bytes} bytes; past lake.athena.maxScanBytes (${maxScanBytes}) the query is stopped.`,
    ];
  }
  throw new ToolError(
    "too_large",
    `Athena would bill ${bytesBilled} bytes of ${countOfFiles(scan.files)}; lake.athena.maxScanBytes allows ${maxScanBytes}. Name fewer columns and partitions.`,
    { details: { bytesBilled, files: scan.files, maxScanBytes, setting: "lake.athena.maxScanBytes" } },
  );
}

/** Where a page begins. `state` where the query was seen to end a moment ago. */
interface PagePlace {
  id: string;
  token?: string | undefined;
  skip: number;
  statement: ResolvedStatement;
  state?: ExecutionState;
}

async function pageOf(
  deps: AthenaEngineDeps,
  request: LakeQueryRequest,
  { id, token, skip, statement, state: seen }: PagePlace,
  scope: LakeScope,
): Promise<RemoteRows> {
  // Of what was not just seen, whose it is is asked of Athena each time: a cursor can be passed on, or made up.
  const state = seen ?? (await deps.executions.poll(id, ownerOf(scope), scope.signal));
  if (state.sql !== statement.sql.trim()) throw new ToolError("invalid_input", ofAnother);
  if (state.fault) throw state.fault;
  if (state.state !== "succeeded")
    throw new ToolError("unavailable", "The query has not ended yet. Ask for its rows again in a moment.", {
      details: { executionId: id },
    });
  const page = await readResult(deps.sender, id, { token, skip }, request, scope.signal);
  const cursor = page.next && cursorsOf(request).encode({ id, ...page.next });
  const isFirst = token === undefined && skip === 0;
  return {
    columns: page.columns.map(({ name, type }) => ({ name, type })),
    rows: page.rows,
    more: page.next !== undefined,
    ...(cursor === undefined ? {} : { cursor }),
    ...(isFirst && page.next === undefined ? { totalRows: page.rows.length } : {}),
    rejectedCount: 0,
    rejects: [],
    execution: await executionOf(deps, state, await deps.account(statement.tables, scope)),
    notes: [...(isFirst ? costNotes(deps.settings, state) : []), ...opaqueNotes(page.columns)],
  };
}

const ofAnother = "The cursor belongs to another statement. Give the same arguments with it.";

/** Good with the same statement only; the caller is held against the query itself. */
function cursorsOf({ sql, sources }: LakeQueryRequest): Cursors {
  return requestCursors([sql, sources], place, ofAnother);
}

async function executionOf(
  { settings, sender }: AthenaEngineDeps,
  state: ExecutionState,
  account: string | undefined,
): Promise<Execution> {
  const bytesBilled = state.isReused ? 0 : billedBytes(state.bytesScanned);
  return {
    id: state.id,
    durationMs: state.durationMs,
    bytesScanned: state.bytesScanned,
    bytesBilled,
    costUsd: costUsd(bytesBilled, settings.usdPerTib),
    region: await sender.region(),
    ...(account === undefined ? {} : { account }),
    workgroup: settings.workgroup,
  };
}

function costNotes({ usdPerTib }: AthenaSettings, { isReused }: ExecutionState): string[] {
  return [
    isReused ? "Athena gave the result of an earlier run again and scanned nothing." : priceNote(usdPerTib),
  ];
}

function opaqueNotes(columns: readonly { name: string; opaque?: string }[]): string[] {
  const opaque = columns.filter((column) => column.opaque !== undefined);
  if (opaque.length === 0) return [];
  const named = opaque
    .slice(0, 5)
    .map(({ name, opaque }) => `${name} (${opaque})`)
    .join(", ");
  return [
    `Athena gives ${named}${opaque.length > 5 ? ", …" : ""} as text without quotes, which cannot be taken apart exactly. Select CAST(… AS JSON) for the values.`,
  ];
}

/** Names a caller without telling who it is: it is kept in Athena's history. */
function ownerOf({ tenantId, principalId }: LakeScope): string {
  return jsonDigest([tenantId, principalId], { encoding: "base64url", length: 22 });
}

import { ToolError } from "../../core/errors.ts";
import type { QueryEstimate, RemoteEngine, Takeover } from "../engines/engine.ts";
import type { LakeQueryRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import type { AthenaSettings } from "../settings.ts";
import type { AllowedTables } from "./allowed-tables.ts";
import { estimatedBill, priceNote } from "./cost.ts";
import type { AthenaScan } from "./estimate-scan.ts";
import { isAthenaUri, type ResolvedStatement } from "./resolve-statement.ts";
import { differenceInTrino } from "./trino/same-in-both.ts";
import { readStatement, type TrinoStatement } from "./trino/statement.ts";

export interface ChooserDeps {
  settings: AthenaSettings;
  allowed: AllowedTables;
  resolve(request: LakeQueryRequest, scope: LakeScope): Promise<ResolvedStatement>;
  estimate(statement: ResolvedStatement, scope: LakeScope): Promise<AthenaScan>;
}

/** What tells beforehand: whether `auto` takes Athena, and what a statement would cost there. */
export function createChooser(
  deps: ChooserDeps,
): Required<Pick<RemoteEngine, "suits" | "takesOver" | "estimate">> {
  return {
    async suits(request) {
      const statement = asTrino(request.sql);
      if (!statement || !namesCatalog(deps.allowed, statement, request.sources))
        return { takes: false, why: "It names no table of the Glue catalog." };
      if (deps.settings.auto) return { takes: true, notes: [] };
      throw new ToolError(
        "invalid_input",
        "The statement names tables of the Glue catalog, which Athena reads and bills. Give engine: athena and write Trino's SQL; lake.athena.auto lets auto choose it.",
        { details: { engine: "athena", setting: "lake.athena.auto" } },
      );
    },
    takesOver: (request, scope) => takesOver(deps, request, scope),
    async estimate(request, scope) {
      const statement = await deps.resolve(request, scope);
      return estimateOf(deps.settings, await deps.estimate(statement, scope), statement.notes);
    },
  };
}

/** Undefined for what is no SELECT of Trino's. */
function asTrino(sql: string): TrinoStatement | undefined {
  try {
    return readStatement(sql);
  } catch (thrown) {
    if (thrown instanceof ToolError) return undefined;
    throw thrown;
  }
}

function namesCatalog(
  allowed: AllowedTables,
  { relations }: TrinoStatement,
  sources: LakeQueryRequest["sources"],
): boolean {
  return relations.some(({ parts, isText }) => {
    const [name = ""] = parts;
    if (parts.length > 1) return allowed.names(parts);
    const source = Object.entries(sources).find(([known]) => known.toLowerCase() === name)?.[1];
    return isAthenaUri(isText ? name : (source?.uri ?? ""));
  });
}

async function takesOver(deps: ChooserDeps, request: LakeQueryRequest, scope: LakeScope): Promise<Takeover> {
  if (!deps.settings.auto) {
    return {
      takes: false,
      why: "lake.athena.auto is off. Give engine: athena and write Trino's SQL, or set it.",
    };
  }
  try {
    const statement = await deps.resolve(request, scope);
    const difference = differenceInTrino(statement.statement.tokens);
    if (difference !== undefined) {
      return { takes: false, why: `${difference}. Write it for Trino and give engine: athena.` };
    }
    return { takes: true, notes: statement.notes };
  } catch (thrown) {
    if (scope.signal.aborted || !(thrown instanceof ToolError)) throw thrown;
    return { takes: false, why: thrown.message };
  }
}

function estimateOf(
  { usdPerTib }: AthenaSettings,
  scan: AthenaScan,
  notes: readonly string[],
): QueryEstimate {
  if (scan.bytes === undefined) return { notes: [...notes, ...scan.notes] };
  return {
    files: scan.files,
    ...estimatedBill(scan.bytes, usdPerTib),
    exactness: scan.exactness,
    notes: [...new Set([...notes, ...scan.notes, priceNote(usdPerTib)])],
  };
}

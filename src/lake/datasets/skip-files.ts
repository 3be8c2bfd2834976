import { setImmediate } from "node:timers/promises";
import type { LakeScope } from "../scope.ts";
import type { FilterRequest, SqlEngine } from "../sql/engine.ts";
import { type BoundedColumn, mayHold } from "../sql/gate/bound-conditions.ts";
import type { RowCondition } from "../sql/gate/row-conditions.ts";
import { foldName } from "../sql/gate/syntax-tree.ts";
import { kindOfType, type SureBounds, sureBounds } from "../tables/sure-bounds.ts";
import { sqlType, type TableField } from "../tables/table-field.ts";
import type { TableSnapshot } from "../tables/table-snapshot.ts";
import type { DataFile, Dataset } from "./dataset.ts";

const filesPerTurn = 500;

/** A column whose bounds in each file may be known, under the names of those. */
interface StatedColumn extends BoundedColumn {
  field: TableField;
  type: string;
}

/**
 * The files of a table that may have a row which meets the conditions, by their partition values and what the log
 * says of their columns. Undefined where that cannot be told.
 */
export async function filesByStatistics(
  engine: SqlEngine,
  { files, partitionColumns }: Dataset,
  snapshot: TableSnapshot,
  conditions: readonly RowCondition[],
  scope: LakeScope,
): Promise<DataFile[] | undefined> {
  const stated = statedColumns(snapshot, conditions);
  if (stated.length === 0) return undefined;
  const known = new Map<string, BoundedColumn | "same">(
    stated.map((column) => [foldName(column.field.name), column]),
  );
  for (const { name } of partitionColumns) known.set(foldName(name), "same");
  const bounded = conditions.flatMap(({ columns, tree }) => {
    const condition = mayHold(tree, known);
    return condition ? [{ columns, tree: condition }] : [];
  });
  if (bounded.length === 0) return undefined;
  const request = {
    identity: snapshot.identity,
    columns: [...partitionColumns, ...stated.flatMap(boundColumns)],
    rows: async () => {
      const rows: (string | null)[][] = [];
      for (const file of files) {
        const values = partitionColumns.map(({ name }) => file.partition[name] ?? null);
        rows.push([...values, ...boundsIn(file, stated)]);
        // A large table's statistics take seconds, in which others are served too.
        if (rows.length % filesPerTurn === 0) await setImmediate();
      }
      return rows;
    },
    conditions: bounded,
  };
  const kept = await engine.filter(request, scope);
  return kept?.flatMap((number) => files[number] ?? []);
}

/** Columns of the conditions whose values lie in the files. */
function statedColumns(
  { fields, partitionFields }: TableSnapshot,
  conditions: readonly RowCondition[],
): StatedColumn[] {
  const wanted = new Set(conditions.flatMap(({ columns }) => columns.map(foldName)));
  return fields
    .filter((field) => field.type.kind === "plain" && !partitionFields.includes(field))
    .filter(({ name }) => wanted.has(foldName(name)))
    .map((field, at) => {
      const type = sqlType(field.type);
      const named = (what: string) => `_sluice_${what}_${at}`;
      return {
        field,
        type,
        kind: kindOfType(type),
        least: named("least"),
        greatest: named("greatest"),
        hasValues: named("has_values"),
        hasNulls: named("has_nulls"),
      };
    });
}

function boundColumns({
  type,
  least,
  greatest,
  hasValues,
  hasNulls,
}: StatedColumn): FilterRequest["columns"] {
  return [
    // What is out of the type's range says nothing.
    { name: least, type, isTried: true },
    { name: greatest, type, isTried: true },
    { name: hasValues, type: "BOOLEAN" },
    { name: hasNulls, type: "BOOLEAN" },
  ];
}

function boundsIn({ inTable }: DataFile, stated: readonly StatedColumn[]): (string | null)[] {
  const statistics = inTable?.statistics(stated.map(({ field }) => field));
  return stated.flatMap(({ field, type }) =>
    textsOf(sureBounds(type, statistics?.columns.get(field.name), statistics?.rowCount)),
  );
}

function textsOf({ least, greatest, hasValues, hasNulls }: SureBounds): (string | null)[] {
  return [least, greatest, String(hasValues), String(hasNulls)];
}

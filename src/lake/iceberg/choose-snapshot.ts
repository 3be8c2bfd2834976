import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import { momentSaid, type TableMoment, timestampMs } from "../tables/table-moment.ts";
import { damagedMetadata } from "./faults.ts";
import type { SnapshotJson, TableMetadata } from "./table-metadata.ts";

/** A state of a table that was chosen. */
export interface ChosenSnapshot {
  /** Undefined for a table that never had a row. */
  snapshot: SnapshotJson | undefined;
  /** The schema to read it by; undefined: the table's own of now. */
  schemaId: number | undefined;
}

const shownIds = 10;

/**
 * The snapshot of a moment. The newest and those of branches are read by the table's schema of now, earlier ones and tags
 * by their own. Throws `not_found` with what there is, `invalid_input` for what is no time or is said twice.
 */
export function chooseSnapshot(table: TableMetadata, moment: TableMoment, uri: string): ChosenSnapshot {
  const said = momentSaid(moment);
  if (said === "version") {
    throw new ToolError(
      "invalid_input",
      `${quoteName(uri)} is an Iceberg table, whose states have no versions. Name a snapshot: its id, or a branch or tag.`,
    );
  }
  const { snapshot: name = "", timestamp = "" } = moment;
  if (said === "snapshot") return named(table, name, uri);
  if (said === "timestamp") return asOf(table, timestamp, uri);
  const main = table.refs?.main?.["snapshot-id"];
  const current = table["current-snapshot-id"] ?? main;
  if (current === undefined || current === "-1") return { snapshot: undefined, schemaId: undefined };
  return { snapshot: snapshotOf(table, current, uri), schemaId: undefined };
}

function named(table: TableMetadata, name: string, uri: string): ChosenSnapshot {
  const reference = Object.hasOwn(table.refs ?? {}, name) ? table.refs?.[name] : undefined;
  if (reference) {
    const snapshot = snapshotOf(table, reference["snapshot-id"], uri);
    return {
      snapshot,
      schemaId: reference.type === "tag" ? (snapshot["schema-id"] ?? undefined) : undefined,
    };
  }
  const snapshot = table.snapshots?.find((one) => one["snapshot-id"] === name);
  if (snapshot) return { snapshot, schemaId: snapshot["schema-id"] ?? undefined };
  const ids = (table.snapshots ?? []).map((one) => one["snapshot-id"]);
  const names = Object.keys(table.refs ?? {});
  throw new ToolError(
    "not_found",
    `The Iceberg table ${quoteName(uri)} has no snapshot ${quoteName(name)}. It has ${ids.length}, the last of them ${ids.slice(-shownIds).join(", ") || "none"}; branches and tags: ${names.slice(0, shownIds).map(quoteName).join(", ") || "none"}.`,
    { details: { snapshot: name, snapshots: ids.slice(-shownIds), refs: names.slice(0, shownIds) } },
  );
}

/** The state the table had at a time, by its log; where that was not kept, by the snapshots before its newest. */
function asOf(table: TableMetadata, timestamp: string, uri: string): ChosenSnapshot {
  const wanted = timestampMs(timestamp);
  const log = table["snapshot-log"]?.length ? table["snapshot-log"] : ancestorsOf(table);
  const inOrder = [...log].sort((a, b) => a["timestamp-ms"] - b["timestamp-ms"]);
  const last = inOrder.filter((one) => one["timestamp-ms"] <= wanted).at(-1);
  if (last) {
    const snapshot = snapshotOf(table, last["snapshot-id"], uri);
    return { snapshot, schemaId: snapshot["schema-id"] ?? undefined };
  }
  const [first] = inOrder;
  const oldest = first === undefined ? undefined : new Date(first["timestamp-ms"]).toISOString();
  const range = oldest === undefined ? "It has no snapshots" : `It can be read as of ${oldest} and later`;
  throw new ToolError(
    "not_found",
    `The Iceberg table ${quoteName(uri)} has no state of ${quoteName(timestamp)}. ${range}.`,
    { details: { timestamp, ...(oldest === undefined ? {} : { oldestTimestamp: oldest }) } },
  );
}

/** The newest snapshot and those it came from. */
export function ancestorsOf(table: TableMetadata): SnapshotJson[] {
  const byId = new Map((table.snapshots ?? []).map((one) => [one["snapshot-id"], one]));
  const found = new Set<SnapshotJson>();
  let next = byId.get(table["current-snapshot-id"] ?? "");
  while (next && !found.has(next)) {
    found.add(next);
    next = byId.get(next["parent-snapshot-id"] ?? "");
  }
  return [...found];
}

function snapshotOf({ snapshots }: TableMetadata, id: string, uri: string): SnapshotJson {
  const found = snapshots?.find((one) => one["snapshot-id"] === id);
  if (found) return found;
  throw damagedMetadata(
    uri,
    `it has no snapshot ${id}, which it names (expiring snapshots removes old ones)`,
  );
}

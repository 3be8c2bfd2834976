import type { DuckDBConnection } from "@duckdb/node-api";
import { z } from "zod";

/** What one scan of Parquet files reads, as the engine's plan has it. */
export interface ScanNeed {
  /** Columns, or members of one (`address.city`), as the plan names them. */
  columns: string[];
  /** Conditions the scan drops row groups by, in the plan's own words. */
  filters: string[];
}

/** What a statement's plan says of its reading. The plan's words are no stable interface: they are taken as hints. */
export interface StatementNeeds {
  scans: ScanNeed[];
  /** The one scan stops as soon as enough rows are there: nothing between it and a LIMIT holds rows back. */
  isLimited: boolean;
  /** Of one table: one scan may find the rows by few columns, and another read the rest of those rows alone. */
  isReadTwice: boolean;
}

interface PlanNode {
  name: string;
  children: PlanNode[];
  extra_info: Record<string, unknown>;
}

const planNode: z.ZodType<PlanNode> = z.lazy(() =>
  z.object({
    name: z.string(),
    children: z.array(planNode).default([]),
    extra_info: z.record(z.string(), z.unknown()).default({}),
  }),
);

/** Asks the engine for the plan of a statement. Reads footers, as binding does. Throws what binding throws. */
export async function explain(connection: DuckDBConnection, sql: string): Promise<StatementNeeds> {
  const reader = await connection.runAndReadAll(`EXPLAIN (FORMAT JSON) ${sql}`);
  const text = String(reader.getRowsJson()[0]?.[1]);
  return needsOf(z.array(planNode).parse(JSON.parse(text)));
}

function needsOf(roots: readonly PlanNode[]): StatementNeeds {
  const nodes = roots.flatMap(withDescendants);
  const scans = nodes.filter(isScan).map(({ extra_info: info }) => ({
    columns: texts(info.Projections),
    filters: texts(info.Filters),
  }));
  const limits = nodes.filter(({ name }) => name.trim() === "STREAMING_LIMIT");
  return {
    scans,
    isLimited: scans.length === 1 && limits.length > 0 && limits.every(passesRowsOn),
    isReadTwice: scans.length === 2,
  };
}

function withDescendants(node: PlanNode): PlanNode[] {
  return [node, ...node.children.flatMap(withDescendants)];
}

function isScan({ name }: PlanNode): boolean {
  return name.includes("PARQUET");
}

function passesRowsOn({ children }: PlanNode): boolean {
  const [only, ...others] = children;
  if (!only || others.length > 0) return false;
  if (isScan(only)) return texts(only.extra_info.Filters).length === 0;
  return ["PROJECTION", "STREAMING_LIMIT"].includes(only.name.trim()) && passesRowsOn(only);
}

function texts(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

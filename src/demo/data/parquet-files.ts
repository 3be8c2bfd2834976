import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { PlaceName } from "./data-file.ts";
import { bendSql, type OrderMonth, orderKey, ordersSql, planMonths } from "./orders.ts";
import type { Product } from "./products.ts";
import { type ShipmentFacts, writeShipments } from "./shipments.ts";

/** A Parquet file the generator wrote. */
export interface WrittenFile {
  place: PlaceName;
  key: string;
  modified: Date;
}

export interface OrderFacts {
  rows: number;
  files: number;
  rowsByMonth: Record<string, number>;
  rowsByStatus: Record<string, number>;
  /** Sum of `total`, as a decimal in text. */
  total: string;
  items: number;
  ordersWithCoupon: number;
  /** Orders not shipped: `shipped_at` is null. */
  notShipped: number;
  firstOrderId: number;
  lastOrderId: number;
}

export interface WrittenParquet {
  files: WrittenFile[];
  orders: OrderFacts;
  exchangeRateRows: number;
  shipments: ShipmentFacts;
}

/** Makes the Parquet files of the lake below `root`. The engine is loaded here and nowhere else in the demo. */
export async function writeParquet(root: string, products: readonly Product[]): Promise<WrittenParquet> {
  const { DuckDBInstance } = await import("./duckdb.ts");
  const instance = await DuckDBInstance.create(":memory:", { threads: "2" });
  const connections = await Promise.all([instance.connect(), instance.connect()]);
  const [first] = connections;
  try {
    await first.run(bendSql);
    for (const connection of connections) await connection.run("SET TimeZone = 'UTC'");
    const rates = await writeExchangeRates(first, root);
    const shipments = await writeShipments(first, root);
    const months = await writeOrders(connections, root, products);
    return {
      files: [...months.map(({ file }) => file), rates.file, ...shipments.files],
      shipments: shipments.facts,
      orders: factsOf(months),
      exchangeRateRows: rates.rows,
    };
  } finally {
    for (const connection of connections) connection.closeSync();
    instance.closeSync();
  }
}

interface WrittenMonth {
  plan: OrderMonth;
  file: WrittenFile;
  statuses: StatusCount[];
}

/** Counted in the table a file is made from, not in the file. */
interface StatusCount {
  status: string;
  rows: number;
  cents: bigint;
  items: number;
  withCoupon: number;
  notShipped: number;
}

/** One query makes one month and keeps one processor busy: each connection takes the next month when it is free. */
async function writeOrders(
  connections: readonly DuckDBConnection[],
  root: string,
  products: readonly Product[],
): Promise<WrittenMonth[]> {
  const plans = planMonths();
  const written: WrittenMonth[] = [];
  const queue = plans.entries();
  const takeMonths = async (connection: DuckDBConnection) => {
    for (const [index, plan] of queue) written[index] = await writeMonth(connection, root, plan, products);
  };
  await Promise.all(connections.map(takeMonths));
  return written;
}

async function writeMonth(
  connection: DuckDBConnection,
  root: string,
  plan: OrderMonth,
  products: readonly Product[],
): Promise<WrittenMonth> {
  const key = orderKey(plan);
  await connection.run(`CREATE OR REPLACE TEMP TABLE month AS ${ordersSql(plan, products)}`);
  await copyTo(connection, "FROM month", join(root, "demo-lake", key));
  const counted = await rowsOf(
    connection,
    `SELECT status, count(*), sum(total * 100)::BIGINT, sum(len(items)), count(coupon), count(*) - count(shipped_at)
      FROM month GROUP BY status`,
  );
  const statuses = counted.map(([status, rows, cents, items, withCoupon, notShipped]) => ({
    status: String(status),
    rows: Number(rows),
    cents: BigInt(String(cents)),
    items: Number(items),
    withCoupon: Number(withCoupon),
    notShipped: Number(notShipped),
  }));
  const modified = new Date(Date.UTC(plan.year, plan.month, 1, 3, 30));
  return { plan, statuses, file: { place: "demo-lake", key, modified } };
}

function factsOf(months: readonly WrittenMonth[]): OrderFacts {
  const counts = months.flatMap(({ statuses }) => statuses);
  const sum = (read: (count: StatusCount) => number) =>
    counts.reduce((total, count) => total + read(count), 0);
  const names = [...new Set(counts.map(({ status }) => status))].toSorted();
  const rowsOfStatus = (name: string) => sum(({ status, rows }) => (status === name ? rows : 0));
  const cents = counts.reduce((total, count) => total + count.cents, 0n);
  const rows = sum((count) => count.rows);
  const firstOrderId = months[0]?.plan.firstOrderId ?? 0;
  return {
    rows,
    files: months.length,
    rowsByMonth: Object.fromEntries(
      months.map(({ plan }) => [`${plan.year}-${String(plan.month).padStart(2, "0")}`, plan.rows]),
    ),
    rowsByStatus: Object.fromEntries(names.map((name) => [name, rowsOfStatus(name)])),
    total: `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`,
    items: sum(({ items }) => items),
    ordersWithCoupon: sum(({ withCoupon }) => withCoupon),
    notShipped: sum(({ notShipped }) => notShipped),
    firstOrderId,
    lastOrderId: firstOrderId + rows - 1,
  };
}

async function rowsOf(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRows();
}

async function writeExchangeRates(connection: DuckDBConnection, root: string) {
  const key = "exchange_rates.parquet";
  const sql = `SELECT day::DATE AS day, currency,
      (base * (0.97 + (hash(day, currency) % 60000)::BIGINT / 1e6))::DECIMAL(12,5) AS per_euro
    FROM range(DATE '2024-01-01', DATE '2026-01-01', INTERVAL 1 DAY) d(day),
      (VALUES ('CHF', 0.95), ('GBP', 0.84), ('PLN', 4.28), ('SEK', 11.3), ('USD', 1.09)) r(currency, base)
    WHERE isodow(day) < 6 ORDER BY day, currency`;
  await copyTo(connection, sql, join(root, "demo-files", key));
  const [[rows] = []] = await rowsOf(connection, `SELECT count(*) FROM (${sql})`);
  return {
    file: { place: "demo-files", key, modified: new Date("2025-12-31T16:00:00Z") } as const,
    rows: Number(rows),
  };
}

async function copyTo(connection: DuckDBConnection, sql: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await connection.run(
    `COPY (${sql}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 8192)`,
  );
}

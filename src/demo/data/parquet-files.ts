import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { PlaceName } from "./data-file.ts";
import { bendSql, orderKey, ordersSql, planMonths, planSql } from "./orders.ts";
import type { Product } from "./products.ts";

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
}

/** Makes the Parquet files of the lake below `root`. The engine is loaded here and nowhere else in the demo. */
export async function writeParquet(root: string, products: readonly Product[]): Promise<WrittenParquet> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", { threads: "2" });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const rates = await writeExchangeRates(connection, root);
    const { files, facts } = await writeOrders(connection, root, products);
    return { files: [...files, rates.file], orders: facts, exchangeRateRows: rates.rows };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function writeOrders(connection: DuckDBConnection, root: string, products: readonly Product[]) {
  const months = planMonths();
  await connection.run(planSql(months));
  await connection.run(bendSql);
  await connection.run(ordersSql(products));
  const files: WrittenFile[] = [];
  for (const plan of months) {
    const key = orderKey(plan);
    await copyTo(
      connection,
      `SELECT * EXCLUDE (year, month) FROM orders WHERE year = ${plan.year} AND month = ${plan.month} ORDER BY order_id`,
      join(root, "demo-lake", key),
    );
    files.push({ place: "demo-lake", key, modified: new Date(Date.UTC(plan.year, plan.month, 1, 3, 30)) });
  }
  const rowsByMonth = Object.fromEntries(
    months.map(({ year, month, rows }) => [`${year}-${String(month).padStart(2, "0")}`, rows]),
  );
  return { files, facts: { ...(await countOrders(connection)), files: files.length, rowsByMonth } };
}

/** Counted in the table the files are made from, not in the files. */
async function countOrders(connection: DuckDBConnection): Promise<Omit<OrderFacts, "files" | "rowsByMonth">> {
  const [sums] = await rowsOf(
    connection,
    `SELECT count(*), sum(total)::VARCHAR, sum(len(items)), count(coupon), count(*) - count(shipped_at),
      min(order_id), max(order_id) FROM orders`,
  );
  const statuses = await rowsOf(
    connection,
    "SELECT status, count(*) FROM orders GROUP BY 1 ORDER BY 2 DESC, 1",
  );
  const [rows, total, items, ordersWithCoupon, notShipped, firstOrderId, lastOrderId] = sums ?? [];
  return {
    rows: Number(rows),
    rowsByStatus: Object.fromEntries(statuses.map(([status, count]) => [status, Number(count)])),
    total: String(total),
    items: Number(items),
    ordersWithCoupon: Number(ordersWithCoupon),
    notShipped: Number(notShipped),
    firstOrderId: Number(firstOrderId),
    lastOrderId: Number(lastOrderId),
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
    `COPY (${sql}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 8192)`,
  );
}

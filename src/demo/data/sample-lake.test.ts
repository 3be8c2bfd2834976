import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PlaceName } from "./data-file.ts";
import { openSampleLake, type SampleLake } from "./sample-lake.ts";

let folder: string;
let lake: SampleLake;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sample-lake-"));
  lake = await openSampleLake({ cacheDir: join(folder, "a") });
});

afterAll(() => rm(folder, { recursive: true }));

const pathOf = (place: PlaceName, key: string) => join(lake.path, place, key);
const keysOf = (place: PlaceName, prefix: string) =>
  lake.manifest.objects.filter((o) => o.place === place && o.key.startsWith(prefix)).map(({ key }) => key);

async function readOrders(columns: string[]) {
  const months = keysOf("demo-lake", "orders/").map(async (key) => {
    const file = await asyncBufferFromFile(pathOf("demo-lake", key));
    return parquetReadObjects({ file, columns });
  });
  return (await Promise.all(months)).flat();
}

/** Records of a CSV file as lists of fields, by the rules of RFC 4180 alone. */
function parseCsv(text: string): { line: number; fields: string[] }[] {
  const records: { line: number; fields: string[] }[] = [];
  let [fields, field, quoted, line, startLine]: [string[], string, boolean, number, number] = [
    [],
    "",
    false,
    1,
    1,
  ];
  for (const character of text.replaceAll('""', "\u0001")) {
    if (character === '"') quoted = !quoted;
    else if (character === "," && !quoted) fields = [...fields, field];
    else if (character === "\n" && !quoted) {
      records.push({ line: startLine, fields: [...fields, field] });
      fields = [];
      startLine = line + 1;
    } else field += character;
    if (character === "\n") line++;
    if (!quoted && (character === "," || character === "\n")) field = "";
  }
  return records;
}

describe("the facts hold, read by other means than the lake's engine", () => {
  it("of the orders", async () => {
    const { orders } = lake.manifest.facts;
    const rows = await readOrders(["order_id", "status", "total", "coupon", "placed_at", "shipped_at"]);
    expect(rows).toHaveLength(200_000);
    expect(orders.rows).toBe(200_000);
    const rowsByStatus: Record<string, number> = {};
    for (const { status } of rows) rowsByStatus[String(status)] = (rowsByStatus[String(status)] ?? 0) + 1;
    expect(rowsByStatus).toEqual(orders.rowsByStatus);
    const cents = rows.reduce((sum, { total }) => sum + Math.round(Number(total) * 100), 0);
    expect((cents / 100).toFixed(2)).toBe(orders.total);
    expect(rows.filter(({ coupon }) => coupon !== null && coupon !== undefined)).toHaveLength(
      orders.ordersWithCoupon,
    );
    expect(rows.filter((row) => (row.shipped_at ?? null) === null)).toHaveLength(orders.notShipped);
    // In order of number and of time, all files one after the other.
    expect(rows.findIndex(({ order_id }, index) => Number(order_id) !== orders.firstOrderId + index)).toBe(
      -1,
    );
    expect(Number(rows.at(-1)?.order_id)).toBe(orders.lastOrderId);
    const times = rows.map(({ placed_at }) => (placed_at as Date).getTime());
    expect(times.findIndex((time, index) => time < (times[index - 1] ?? 0))).toBe(-1);
  });

  it("of the order partitions", async () => {
    const rowsByMonth: Record<string, number> = {};
    for (const key of keysOf("demo-lake", "orders/")) {
      const [, year, month] = /year=(\d{4})\/month=(\d{2})\//.exec(key) ?? [];
      const metadata = await parquetMetadataAsync(await asyncBufferFromFile(pathOf("demo-lake", key)));
      rowsByMonth[`${year}-${month}`] = Number(metadata.num_rows);
    }
    expect(rowsByMonth).toEqual(lake.manifest.facts.orders.rowsByMonth);
    expect(Object.keys(rowsByMonth)).toHaveLength(24);
  });

  it("of the customers", async () => {
    const { customers } = lake.manifest.facts;
    const [header, ...records] = parseCsv(
      await readFile(pathOf("demo-lake", "customers/customers.csv"), "utf8"),
    );
    const good = records.filter(({ fields }) => fields.length === header?.fields.length);
    const bad = records.filter(({ fields }) => fields.length !== header?.fields.length);
    expect(header?.fields).toEqual(customers.columns);
    expect(good).toHaveLength(20_000);
    expect(bad.map(({ line }) => line)).toEqual(customers.raggedLines);
    expect(bad).toHaveLength(7);
    expect(good.filter(({ fields }) => fields[4] === "00501")).toHaveLength(customers.postalCode00501Rows);
    expect(good.filter(({ fields }) => fields.at(-1)?.includes("\n"))).toHaveLength(customers.multilineRows);
  });

  it("of the web events", async () => {
    const { events } = lake.manifest.facts;
    const rowsByType: Record<string, number> = {};
    for (const key of keysOf("demo-lake", "events/")) {
      const lines = gunzipSync(await readFile(pathOf("demo-lake", key)))
        .toString()
        .trimEnd()
        .split("\n");
      expect([key, lines.length]).toEqual([key, events.rowsByDate[key.slice(12, 22)]]);
      for (const line of lines) {
        const { type, at } = JSON.parse(line) as { type: string; at: string };
        expect(at.slice(0, 10)).toBe(key.slice(12, 22));
        rowsByType[type] = (rowsByType[type] ?? 0) + 1;
      }
    }
    expect(rowsByType).toEqual(events.rowsByType);
  });

  it("of the old bookkeeping export", async () => {
    const { finance } = lake.manifest.facts;
    const bytes = await readFile(pathOf("demo-lake", "finance/legacy_export_latin1.csv"));
    expect(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes)).toThrow();
    const [header, ...lines] = bytes.toString("latin1").trimEnd().split("\r\n");
    expect(header).toBe("Buchungsdatum;Konto;Gegenkonto;Buchungstext;Betrag;Währung;Schlüssel");
    expect(lines).toHaveLength(finance.rows);
    const cents = lines.map((line) => Number(/;(-?\d+),(\d{2});EUR;/.exec(line)?.slice(1, 3).join("")));
    expect(cents.reduce((sum, amount) => sum + amount, 0)).toBe(finance.totalCents);
  });

  it("of the logs", async () => {
    const { logs } = lake.manifest.facts;
    const app = (
      await Promise.all(keysOf("demo-logs", "app/").map((key) => readFile(pathOf("demo-logs", key), "utf8")))
    ).join("");
    expect(app.match(/\n/g)).toHaveLength(logs.appLines);
    expect(app.match(/Z ERROR /g)).toHaveLength(logs.appErrors);
    const access = (
      await Promise.all(keysOf("demo-logs", "access/").map((key) => readFile(pathOf("demo-logs", key))))
    )
      .map((bytes) => gunzipSync(bytes).toString())
      .join("");
    expect(access.match(/\n/g)).toHaveLength(logs.accessLines);
    expect(access.match(/HTTP\/1.1" 5\d\d /g)).toHaveLength(logs.accessServerErrors);
  });

  it("of the small files", async () => {
    const { products, tickets, local } = lake.manifest.facts;
    const records = JSON.parse(await readFile(pathOf("demo-lake", "products/products.json"), "utf8")) as {
      category: string;
    }[];
    expect(records).toHaveLength(products.products);
    expect([...new Set(records.map(({ category }) => category))]).toEqual(products.categories);
    const texts = await Promise.all(tickets.keys.map((key) => readFile(pathOf("demo-lake", key), "utf8")));
    expect(texts).toHaveLength(40);
    expect(texts.filter((text) => /[{}]|undefined/.test(text))).toEqual([]);
    expect(texts.filter((text) => text.includes("ignore all previous"))).toHaveLength(1);
    const [, ...stock] = (await readFile(pathOf("demo-files", "inventory.tsv"), "utf8"))
      .trimEnd()
      .split("\n");
    expect(stock).toHaveLength(local.inventoryRows);
    expect(stock.reduce((sum, line) => sum + Number(line.split("\t")[3]), 0)).toBe(local.inventoryUnits);
  });
});

it("is between 10 and 40 MB large", () => {
  const sizeBytes = lake.manifest.objects.reduce((sum, object) => sum + object.sizeBytes, 0);
  expect(sizeBytes).toBeGreaterThan(10e6);
  expect(sizeBytes).toBeLessThan(40e6);
});

it("is found again without being made", async () => {
  const again = await openSampleLake({ cacheDir: join(folder, "a") });
  expect(again).toEqual({ ...lake, made: false });
});

it("is the same to the byte wherever it is made, also by two who start at once", async () => {
  const cacheDir = join(folder, "b");
  const both = await Promise.all([openSampleLake({ cacheDir }), openSampleLake({ cacheDir })]);
  expect(both.map(({ manifest }) => manifest)).toEqual([lake.manifest, lake.manifest]);
  expect(await readdir(cacheDir)).toEqual(["demo-data-v2"]);
  expect((await openSampleLake({ cacheDir })).made).toBe(false);
});

it("is made anew when a file was cut short, and leaves nothing else behind", async () => {
  const cacheDir = join(folder, "a");
  const path = pathOf("demo-lake", "orders/year=2025/month=07/orders-0000.parquet");
  const { size } = await stat(path);
  await truncate(path, size - 1);
  const again = await openSampleLake({ cacheDir });
  expect(again).toEqual({ ...lake, made: true });
  expect((await stat(path)).size).toBe(size);
  expect(await readdir(cacheDir)).toEqual(["demo-data-v2"]);
});

it("stops making when told to, and leaves nothing behind", async () => {
  const cacheDir = join(folder, "stopped");
  const stopper = new AbortController();
  const opening = openSampleLake({
    cacheDir,
    signal: stopper.signal,
  });
  const failed = expect(opening).rejects.toThrow("abort");
  // Until the process that makes it has written something.
  const written = async () => (await readdir(cacheDir, { recursive: true }).catch(() => [])).length;
  await expect.poll(written, { timeout: 20_000, interval: 10 }).toBeGreaterThan(1);
  stopper.abort();
  await failed;
  expect(await readdir(cacheDir)).toEqual([]);
});

it("says why it cannot be made where the folder is no folder", async () => {
  await writeFile(join(folder, "file"), "");
  await expect(openSampleLake({ cacheDir: join(folder, "file") })).rejects.toThrow(/EEXIST|ENOTDIR/);
});

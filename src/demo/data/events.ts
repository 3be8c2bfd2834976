import { isoDay, lastDays, writtenAfter } from "./calendar.ts";
import type { DataFile, MadeFiles } from "./data-file.ts";
import type { Product } from "./products.ts";
import { createRandom, type Random } from "./random.ts";
import { countries, customerCount } from "./shop.ts";

export interface EventFacts {
  rows: number;
  /** First and last day, `YYYY-MM-DD`. */
  firstDate: string;
  lastDate: string;
  rowsByDate: Record<string, number>;
  rowsByType: Record<string, number>;
}

const days = 14;

/** `events/date=…/events.ndjson.gz`: what visitors of the web shop did in the last fortnight, one file a day. */
export function makeEvents(products: readonly Product[]): MadeFiles<EventFacts> {
  const random = createRandom("events");
  const rowsByDate: Record<string, number> = {};
  const rowsByType: Record<string, number> = {};
  let rows = 0;
  const files = lastDays(days).map((day): DataFile => {
    const count = random.between(2_600, 3_400);
    const lines: string[] = [];
    for (let index = 0; index < count; index++) {
      const event = makeEvent(day, index / count, rows + index, products, random);
      rowsByType[event.type] = (rowsByType[event.type] ?? 0) + 1;
      lines.push(JSON.stringify(event));
    }
    const date = isoDay(day);
    rowsByDate[date] = count;
    rows += count;
    return {
      place: "demo-lake",
      key: `events/date=${date}/events.ndjson.gz`,
      content: `${lines.join("\n")}\n`,
      gzip: true,
      modified: writtenAfter(day),
    };
  });
  const dates = Object.keys(rowsByDate);
  const facts = { rows, firstDate: dates[0] ?? "", lastDate: dates.at(-1) ?? "", rowsByDate, rowsByType };
  return { files, facts };
}

function makeEvent(
  day: Date,
  partOfDay: number,
  number: number,
  products: readonly Product[],
  random: Random,
) {
  const { type } = random.weighted(types);
  const product = random.pick(products);
  const atMs = day.getTime() + Math.floor(partOfDay * 86_400_000) + random.between(0, 20_000);
  return {
    event_id: `e${number.toString(36).padStart(6, "0")}${random.between(0, 0xffff).toString(16).padStart(4, "0")}`,
    type,
    at: new Date(Math.min(atMs, day.getTime() + 86_399_999)).toISOString(),
    customer_id: random.chance(0.45) ? random.between(1, customerCount) : null,
    session: {
      id: `s${random.between(0, 0xfffffff).toString(16)}`,
      country: random.weighted(countries).code,
      device: { kind: random.weighted(devices).kind, browser: random.pick(browsers) },
    },
    page: { path: pathOf(type, product), referrer: random.chance(0.3) ? random.pick(referrers) : null },
    ...detailsOf(type, product, random),
    duration_ms: random.between(30, 90_000),
  };
}

function pathOf(type: string, { sku }: Product): string {
  if (type === "search") return "/search";
  return type === "page_view" ? "/" : type === "product_view" ? `/p/${sku}` : "/cart";
}

function detailsOf(type: string, product: Product, random: Random): Record<string, unknown> {
  if (type === "page_view") return {};
  if (type === "search") return { search: { term: product.name.toLowerCase(), hits: random.between(0, 24) } };
  if (type === "product_view") return { product: { sku: product.sku, category: product.category } };
  const quantity = random.between(1, 3);
  return {
    cart: [{ sku: product.sku, quantity }],
    value: (product.priceCents * quantity) / 100,
  };
}

const types = [
  { type: "page_view", weight: 52 },
  { type: "product_view", weight: 26 },
  { type: "search", weight: 11 },
  { type: "add_to_cart", weight: 7 },
  { type: "checkout", weight: 2.5 },
  { type: "purchase", weight: 1.5 },
];
const devices = [
  { kind: "phone", weight: 58 },
  { kind: "desktop", weight: 34 },
  { kind: "tablet", weight: 8 },
];
const browsers = ["Chrome", "Safari", "Firefox", "Edge", "Samsung Internet"];
const referrers = ["https://www.google.com/", "https://www.instagram.com/", "https://blog.example.org/gear"];

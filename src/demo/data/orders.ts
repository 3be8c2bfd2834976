import type { Product } from "./products.ts";
import { countries, customerCount } from "./shop.ts";

export const orderCount = 200_000;
const firstOrderId = 100_000_001;

/** One month of orders: a file of its own. */
export interface OrderMonth {
  year: number;
  /** 1 to 12. */
  month: number;
  rows: number;
  firstOrderId: number;
}

/** How busy each month of a year is: quiet summers, a full November. */
const season = [0.92, 0.85, 0.95, 0.97, 1.02, 0.98, 0.88, 0.9, 1, 1.06, 1.46, 1.34];
const growthPerMonth = 0.021;

/** How the orders fall on the 24 months. The rows add up to `orderCount` exactly. */
export function planMonths(): OrderMonth[] {
  const weights = Array.from(
    { length: 24 },
    (_, index) => (1 + growthPerMonth * index) * (season[index % 12] ?? 1),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let before = 0;
  let weightBefore = 0;
  return weights.map((weight, index) => {
    weightBefore += weight;
    const upTo = index === weights.length - 1 ? orderCount : Math.round((weightBefore / sum) * orderCount);
    const planned = {
      year: 2024 + Math.floor(index / 12),
      month: (index % 12) + 1,
      rows: upTo - before,
      firstOrderId: firstOrderId + before,
    };
    before = upTo;
    return planned;
  });
}

/** `orders/year=2024/month=01/orders-0000.parquet`. */
export function orderKey({ year, month }: OrderMonth): string {
  return `orders/year=${year}/month=${String(month).padStart(2, "0")}/orders-0000.parquet`;
}

/**
 * Query that makes the orders of one month, all of it from hashes of the order's number. Prices are those of
 * `products`; `total` is the sum of the items less the coupon's part. Needs the macro of {@link bendSql}.
 */
export function ordersSql(plan: OrderMonth, products: readonly Product[]): string {
  const { year, month, rows, firstOrderId: first } = plan;
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const skus = list(products.map(({ sku }) => quote(sku)));
  const prices = `${list(products.map(({ priceCents }) => (priceCents / 100).toFixed(2)))}::DECIMAL(10,2)[]`;
  const cumulated = cumulate(countries.map(({ weight }) => weight));
  const country = cumulated.map((upTo, index) => `WHEN country_roll < ${upTo} THEN ${index + 1}`).join(" ");
  return `
WITH rolls AS (
  SELECT i,
    (i - ${first} + ${roll("jitter", 1000)} / 1000.0) / ${rows} * ${days} AS day,
    ${roll("country", cumulated.at(-1) ?? 1)} AS country_roll,
    ${roll("status", 1000)} AS status_roll,
    ${roll("channel", 100)} AS channel_roll,
    ${roll("coupon", 1000)} AS coupon_roll,
    ${roll("customer", 1_000_000)} / 1e6 AS customer_fraction
  FROM range(${first}, ${first + rows}) t(i)
), placed AS (
  SELECT *,
    TIMESTAMPTZ '${year}-${month}-01 00:00:00+00' + to_seconds((86400 * bend(day))::BIGINT) AS placed_at,
    CASE ${country} END AS country_number,
    CASE WHEN coupon_roll < 130 THEN '${couponOf(month)}' END AS coupon,
    list_transform(range(1 + list_extract([0,0,0,0,1,1,1,2,2,3], 1 + ${roll("count", 10)})), lambda j: {
      product: 1 + (hash(i, j, 'product') % ${products.length})::BIGINT,
      quantity: list_extract([1,1,1,1,1,2,2,3], 1 + (hash(i, j, 'quantity') % 8)::BIGINT)}) AS picks
  FROM rolls
), priced AS (
  SELECT *, ${statusSql} AS status,
    list_transform(picks, lambda p: {
      sku: list_extract(${skus}, p.product),
      quantity: p.quantity::INTEGER,
      unit_price: list_extract(${prices}, p.product)}) AS items
  FROM placed
)
SELECT i::BIGINT AS order_id,
  (1 + floor(${customerCount} * customer_fraction * customer_fraction))::BIGINT AS customer_id,
  status, placed_at,
  CASE WHEN status IN ('shipped', 'delivered', 'returned')
    THEN placed_at + to_seconds(21600 + (hash(i, 'ship') % 237600)::BIGINT) END AS shipped_at,
  items,
  round(list_sum(list_transform(items, lambda x: (x.quantity * x.unit_price)::DECIMAL(12,2)))
    * CASE coupon WHEN 'WELCOME10' THEN 0.90 WHEN 'SUMMER15' THEN 0.85 WHEN 'BLACKFRIDAY20' THEN 0.80
      ELSE 1.00 END::DECIMAL(3,2), 2)::DECIMAL(12,2) AS total,
  list_extract(${list(countries.map(({ currency }) => quote(currency)))}, country_number) AS currency,
  CASE WHEN channel_roll < 54 THEN 'web' WHEN channel_roll < 83 THEN 'app' WHEN channel_roll < 92 THEN 'marketplace'
    WHEN channel_roll < 98 THEN 'store' ELSE 'phone' END AS channel,
  list_extract(${list(countries.map(({ code }) => quote(code)))}, country_number) AS shipping_country,
  coupon,
  CASE WHEN status <> 'cancelled' THEN 400000000000000000 + (hash(i, 'payment') % 99999999999999999)::BIGINT END
    AS payment_id,
  hash(i, 'gift') % 25 = 0 AS is_gift,
  md5(i::VARCHAR || 'cart') AS cart_token
FROM priced`;
}

/**
 * Macro: from an even flow of days to one that is busy at noon and quiet at night. A cubic of sums and products
 * only, which are the same on every processor; it rises all the way, so orders stay in order of time.
 */
export const bendSql =
  "CREATE MACRO bend(d) AS d + 1.5 * (d - floor(d)) * (1 - (d - floor(d))) * (1 - 2 * (d - floor(d)))";

function couponOf(month: number): string {
  if (month === 11) return "BLACKFRIDAY20";
  return month >= 6 && month <= 8 ? "SUMMER15" : "WELCOME10";
}

/** Young orders are still on their way; old ones are delivered but for a few. */
const statusSql = `CASE WHEN status_roll < 52 THEN 'cancelled'
  WHEN placed_at > TIMESTAMPTZ '2025-12-29 00:00:00+00' THEN 'paid'
  WHEN placed_at > TIMESTAMPTZ '2025-12-23 00:00:00+00' THEN 'shipped'
  WHEN status_roll < 86 THEN 'returned' WHEN status_roll < 90 THEN 'paid' WHEN status_roll < 101 THEN 'shipped'
  ELSE 'delivered' END`;

function roll(salt: string, sides: number): string {
  return `(hash(i, '${salt}') % ${sides})::BIGINT`;
}

function cumulate(weights: readonly number[]): number[] {
  return weights.map((_, index) => weights.slice(0, index + 1).reduce((sum, weight) => sum + weight, 0));
}

function list(items: readonly string[]): string {
  return `[${items.join(",")}]`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

import { isoDay, lastDays, writtenAfter } from "./calendar.ts";
import type { DataFile, MadeFiles } from "./data-file.ts";
import type { Product } from "./products.ts";
import { createRandom, type Random } from "./random.ts";

export interface LogFacts {
  appFiles: number;
  appLines: number;
  /** Lines of the app logs with level ERROR. */
  appErrors: number;
  accessFiles: number;
  accessLines: number;
  /** Requests answered with a status of 500 and more. */
  accessServerErrors: number;
}

const days = 7;

/** Bucket `demo-logs`: the checkout service's log as text, and the web server's access log compressed, by day. */
export function makeLogs(products: readonly Product[]): MadeFiles<LogFacts> {
  const random = createRandom("logs");
  const facts: LogFacts = {
    appFiles: days,
    appLines: 0,
    appErrors: 0,
    accessFiles: days,
    accessLines: 0,
    accessServerErrors: 0,
  };
  const files = lastDays(days).flatMap((day): DataFile[] => {
    const [year, month, date] = isoDay(day).split("-");
    const modified = writtenAfter(day);
    return [
      {
        place: "demo-logs",
        key: `app/${year}-${month}-${date}/checkout.log`,
        content: appLog(day, random, facts),
        modified,
      },
      {
        place: "demo-logs",
        key: `access/${year}/${month}/${date}/access.log.gz`,
        content: accessLog(day, products, random, facts),
        gzip: true,
        modified,
      },
    ];
  });
  return { files, facts };
}

function appLog(day: Date, random: Random, facts: LogFacts): string {
  const lines: string[] = [];
  const count = random.between(1_800, 2_200);
  for (let index = 0; index < count; index++) {
    const at = new Date(day.getTime() + Math.floor((index / count) * 86_400_000) + random.between(0, 30_000));
    const { level, texts } = random.weighted(messages);
    if (level === "ERROR") facts.appErrors++;
    const order = 100_190_000 + random.between(0, 9_999);
    lines.push(
      `${at.toISOString()} ${level.padEnd(5)} checkout[${random.between(1, 4)}] order=${order} ${random.pick(texts)} (${random.between(4, 900)} ms)`,
    );
  }
  facts.appLines += count;
  return `${lines.join("\n")}\n`;
}

function accessLog(day: Date, products: readonly Product[], random: Random, facts: LogFacts): string {
  const lines: string[] = [];
  const count = random.between(5_000, 7_000);
  const clock = new Intl.DateTimeFormat("en-GB", {
    day: "2-digit",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
  const date = clock.format(day).replaceAll(" ", "/");
  for (let index = 0; index < count; index++) {
    const time = new Date(day.getTime() + Math.floor((index / count) * 86_400_000))
      .toISOString()
      .slice(11, 19);
    const { status } = random.weighted(statuses);
    if (status >= 500) facts.accessServerErrors++;
    const path = random.chance(0.6) ? `/p/${random.pick(products).sku}` : random.pick(paths);
    lines.push(
      `203.0.113.${random.between(1, 254)} - - [${date}:${time} +0000] "GET ${path} HTTP/1.1" ${status} ${random.between(180, 64_000)} "-" "${random.pick(agents)}"`,
    );
  }
  facts.accessLines += count;
  return `${lines.join("\n")}\n`;
}

const messages = [
  {
    level: "INFO",
    weight: 88,
    texts: ["payment captured", "order accepted", "stock reserved", "mail queued"],
  },
  {
    level: "WARN",
    weight: 9,
    texts: ["payment provider slow", "retrying stock reservation", "address not verified"],
  },
  {
    level: "ERROR",
    weight: 3,
    texts: ["payment declined: card_expired", "upstream timeout: stock-service", "coupon not found"],
  },
];
const statuses = [
  { status: 200, weight: 88 },
  { status: 304, weight: 5 },
  { status: 404, weight: 4 },
  { status: 302, weight: 2 },
  { status: 500, weight: 0.6 },
  { status: 503, weight: 0.4 },
];
const paths = ["/", "/cart", "/search?q=tent", "/checkout", "/account", "/static/app.js"];
const agents = ["Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1)", "curl/8.11.0"];

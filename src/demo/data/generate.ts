import { createHash } from "node:crypto";
import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { makeCustomers } from "./customers.ts";
import type { DataFile, PlaceName } from "./data-file.ts";
import { makeEvents } from "./events.ts";
import { makeFinance } from "./finance.ts";
import { makeLocalFiles } from "./local-files.ts";
import { makeLogs } from "./logs.ts";
import type { Manifest, ManifestObject } from "./manifest.ts";
import { type WrittenParquet, writeParquet } from "./parquet-files.ts";
import { makeProductFile, makeProducts } from "./products.ts";
import { makeTickets } from "./tickets.ts";

/** Goes up with every change to what is made, so that no older cache is taken for this. */
export const dataVersion = 2;

const compress = promisify(gzip);

/** Makes the whole sample lake below `root`, one folder per bucket and local root, and tells what it made. */
export async function generate(root: string): Promise<Manifest> {
  const products = makeProducts();
  // The engine works on threads of its own: the text files are made meanwhile.
  const [parquet, text] = await Promise.all([writeParquet(root, products), writeText(root, products)]);
  const objects = [...text.objects, ...(await recordParquet(root, parquet))];
  const { exchangeRateRows, orders, shipments } = parquet;
  return {
    version: dataVersion,
    objects: objects.toSorted((a, b) => (`${a.place}/${a.key}` < `${b.place}/${b.key}` ? -1 : 1)),
    facts: { orders, shipments, ...text.facts, local: { ...text.facts.local, exchangeRateRows } },
  };
}

async function writeText(root: string, products: ReturnType<typeof makeProducts>) {
  const made = {
    customers: makeCustomers(),
    events: makeEvents(products),
    products: makeProductFile(products),
    tickets: makeTickets(products),
    finance: makeFinance(),
    logs: makeLogs(products),
    local: makeLocalFiles(products),
  };
  const files = Object.values(made).flatMap((part): DataFile[] => part.files);
  const { customers, events, tickets, finance, logs, local } = made;
  return {
    objects: await Promise.all(files.map((file) => writeDataFile(root, file))),
    facts: {
      customers: customers.facts,
      events: events.facts,
      products: made.products.facts,
      tickets: tickets.facts,
      finance: finance.facts,
      logs: logs.facts,
      local: local.facts,
    },
  };
}

async function writeDataFile(root: string, file: DataFile): Promise<ManifestObject> {
  const bytes = typeof file.content === "string" ? Buffer.from(file.content) : file.content;
  const content = file.gzip ? await compress(bytes, { level: 5 }) : bytes;
  const path = join(root, file.place, file.key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return record(path, file, content);
}

async function recordParquet(root: string, { files }: WrittenParquet): Promise<ManifestObject[]> {
  const objects: ManifestObject[] = [];
  for (const file of files) {
    const path = join(root, file.place, file.key);
    objects.push(await record(path, file, await readFile(path)));
  }
  return objects;
}

interface Named {
  place: PlaceName;
  key: string;
  modified: Date;
}

async function record(
  path: string,
  { place, key, modified }: Named,
  content: Uint8Array,
): Promise<ManifestObject> {
  await utimes(path, modified, modified);
  const md5 = createHash("md5").update(content).digest("hex");
  return { place, key, sizeBytes: content.length, modifiedMs: modified.getTime(), md5 };
}

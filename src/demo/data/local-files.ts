import { addDays, lastDay } from "./calendar.ts";
import type { MadeFiles } from "./data-file.ts";
import type { Product } from "./products.ts";
import { createRandom } from "./random.ts";

export interface LocalFacts {
  inventoryRows: number;
  /** Sum of the column `units`. */
  inventoryUnits: number;
  stores: number;
  exchangeRateRows: number;
}

const warehouses = ["HAM-1", "RTM-2", "LEJ-3"];

/** Local root `demo-files`, but for its Parquet file: stock counts as TSV, the shops as one JSON object, a README. */
export function makeLocalFiles(
  products: readonly Product[],
): MadeFiles<Omit<LocalFacts, "exchangeRateRows">> {
  const random = createRandom("local files");
  const rows = ["sku\tname\twarehouse\tunits\tcounted_on"];
  let inventoryUnits = 0;
  for (const { sku, name } of products) {
    for (const warehouse of warehouses) {
      const units = random.chance(0.08) ? 0 : random.between(1, 640);
      inventoryUnits += units;
      rows.push(`${sku}\t${name}\t${warehouse}\t${units}\t2025-12-${random.between(27, 31)}`);
    }
  }
  const modified = addDays(lastDay, -1);
  return {
    files: [
      { place: "demo-files", key: "inventory.tsv", content: `${rows.join("\n")}\n`, modified },
      {
        place: "demo-files",
        key: "stores.json",
        content: `${JSON.stringify({ stores }, undefined, 2)}\n`,
        modified,
      },
      { place: "demo-files", key: "README.txt", content: readme, modified },
    ],
    facts: { inventoryRows: rows.length - 1, inventoryUnits, stores: stores.length },
  };
}

const stores = [
  {
    store_id: 1,
    city: "Hamburg",
    opened_on: "2017-03-18",
    square_metres: 640,
    manager: { name: "Karin Becker", phone: "+49 40 555 0100" },
    services: ["repair", "rental"],
  },
  {
    store_id: 2,
    city: "Leipzig",
    opened_on: "2019-09-07",
    square_metres: 410,
    manager: { name: "Jonas Weber", phone: null },
    services: ["repair"],
  },
  {
    store_id: 3,
    city: "Amsterdam",
    opened_on: "2021-05-29",
    square_metres: 380,
    manager: { name: "Maja Bakker", phone: "+31 20 555 0177" },
    services: [],
  },
  {
    store_id: 4,
    city: "Boston",
    opened_on: "2023-10-14",
    square_metres: 520,
    manager: { name: "Grace Okafor", phone: "+1 617 555 0142" },
    services: ["rental", "workshop"],
  },
];

const readme = `Tundra & Fjord, shop data on the file server

inventory.tsv            stock counted by hand between the years, one row per product and warehouse
stores.json              our four stores, one JSON object
exchange_rates.parquet   the European Central Bank's way of writing rates: units of the currency for one euro

Products have the same numbers (sku) here, in the orders and in the web events.
All shops, people and numbers are made up.
`;

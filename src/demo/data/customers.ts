import { addDays, isoDay, lastDay } from "./calendar.ts";
import type { MadeFiles } from "./data-file.ts";
import { createRandom, type Random } from "./random.ts";
import { countries, customerCount, firstNames, lastNames } from "./shop.ts";

export interface CustomerFacts {
  /** Records with as many fields as the header. */
  goodRows: number;
  /** Records with fewer or more. */
  raggedRows: number;
  /** Physical lines they are on, counted from 1 (the header). Each takes one line. */
  raggedLines: number[];
  /** Good records whose delivery note goes over two lines. */
  multilineRows: number;
  /** Good records with postal code 00501. */
  postalCode00501Rows: number;
  columns: string[];
}

const columns = [
  "customer_id",
  "name",
  "email",
  "city",
  "postal_code",
  "country",
  "signed_up_on",
  "segment",
  "loyalty_number",
  "newsletter",
  "delivery_note",
];

/** After which customers a broken export line follows, and what is wrong with it. */
const raggedAfter: ReadonlyMap<number, "short" | "long"> = new Map([
  [1_203, "short"],
  [3_870, "long"],
  [7_004, "short"],
  [9_999, "short"],
  [13_512, "long"],
  [16_001, "short"],
  [19_876, "long"],
]);

/** `customers/customers.csv`: quoted names with commas, notes over two lines, codes with leading zeros, a few bad lines. */
export function makeCustomers(): MadeFiles<CustomerFacts> {
  const random = createRandom("customers");
  const facts: CustomerFacts = {
    goodRows: customerCount,
    raggedRows: raggedAfter.size,
    raggedLines: [],
    multilineRows: 0,
    postalCode00501Rows: 0,
    columns,
  };
  const records = [columns.join(",")];
  let line = 1;
  for (let id = 1; id <= customerCount; id++) {
    const customer = makeCustomer(id, random);
    records.push(customer.record);
    line += customer.lines;
    if (customer.lines > 1) facts.multilineRows++;
    if (customer.postalCode === "00501") facts.postalCode00501Rows++;
    const ragged = raggedAfter.get(id);
    if (ragged === undefined) continue;
    records.push(makeRagged(id, ragged));
    facts.raggedLines.push(++line);
  }
  const content = `${records.join("\n")}\n`;
  const modified = addDays(lastDay, -1);
  return { files: [{ place: "demo-lake", key: "customers/customers.csv", content, modified }], facts };
}

function makeCustomer(id: number, random: Random) {
  const first = random.pick(firstNames);
  const last = random.pick(lastNames);
  const country = random.weighted(countries);
  const [city, postalCode] = random.pick(country.cities);
  const note = random.chance(0.06) ? random.pick(notes) : "";
  const fields = [
    String(id),
    quote(`${last}, ${first}`),
    `${asciiName(first)}.${asciiName(last)}.${id}@example.com`,
    city,
    postalCode,
    country.code,
    isoDay(addDays(lastDay, -random.between(731, 2_900))),
    random.weighted(segments).name,
    random.chance(0.4) ? String(random.between(1, 99_999_999)).padStart(10, "0") : "",
    String(random.chance(0.35)),
    note === "" ? "" : quote(note),
  ];
  return { record: fields.join(","), postalCode, lines: note.split("\n").length };
}

const segments = [
  { name: "private", weight: 82 },
  { name: "business", weight: 12 },
  { name: "reseller", weight: 6 },
];

const notes = [
  "Leave with the neighbour",
  "Ring twice,\nthe bell is quiet",
  'Gate code "4711", then left',
  "Deliver after 5 pm\nor on Saturdays",
  "No signature needed",
];

/** What a broken export leaves: the last fields missing, or an address with a comma that nobody quoted. */
function makeRagged(after: number, kind: "short" | "long"): string {
  const start = `${90_000 + after},"Test, Import",import.${after}@example.com`;
  return kind === "short"
    ? `${start},Berlin,10115,DE`
    : `${start},Berlin, Mitte,10115,DE,2023-05-01,private,,false,`;
}

function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function asciiName(name: string): string {
  return name
    .normalize("NFD")
    .replaceAll("ł", "l")
    .replaceAll("Ł", "L")
    .replaceAll("ı", "i")
    .replace(/[^a-zA-Z]/g, "")
    .toLowerCase();
}

import { addDays, lastDay } from "./calendar.ts";
import type { MadeFiles } from "./data-file.ts";
import { createRandom } from "./random.ts";

export interface FinanceFacts {
  rows: number;
  encoding: "latin-1";
  separator: ";";
  decimalSeparator: ",";
  columns: string[];
  /** Sum of `Betrag` in cents. */
  totalCents: number;
}

const columns = ["Buchungsdatum", "Konto", "Gegenkonto", "Buchungstext", "Betrag", "Währung", "Schlüssel"];
const rows = 1_500;

/** `finance/legacy_export_latin1.csv`: what an old bookkeeping program gives: latin-1, semicolons, decimal commas, CRLF. */
export function makeFinance(): MadeFiles<FinanceFacts> {
  const random = createRandom("finance");
  const lines = [columns.join(";")];
  let totalCents = 0;
  for (let index = 0; index < rows; index++) {
    const day = addDays(lastDay, -Math.floor(((rows - 1 - index) / rows) * 365));
    const cents = random.between(-250_000, 480_000);
    totalCents += cents;
    const text = random.pick(texts);
    lines.push(
      [
        germanDay(day),
        `0${random.between(100, 999)}`,
        String(random.between(1_200, 8_900)),
        text.includes(";") ? `"${text}"` : text,
        germanAmount(cents),
        "EUR",
        random.chance(0.2) ? "" : `VSt${random.pick(["0", "7", "19"])}`,
      ].join(";"),
    );
  }
  const content = Buffer.from(`${lines.join("\r\n")}\r\n`, "latin1");
  return {
    files: [{ place: "demo-lake", key: "finance/legacy_export_latin1.csv", content, modified: lastDay }],
    facts: { rows, encoding: "latin-1", separator: ";", decimalSeparator: ",", columns, totalCents },
  };
}

function germanDay(day: Date): string {
  const [year, month, date] = day.toISOString().slice(0, 10).split("-");
  return `${date}.${month}.${year}`;
}

function germanAmount(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, "0");
  return `${cents < 0 ? "-" : ""}${digits.slice(0, -2)},${digits.slice(-2)}`;
}

const texts = [
  "Büromaterial",
  "Miete Lager Süd",
  "Gebühren Kartenzahlung",
  "Rückerstattung Kunde",
  "Zölle; Einfuhr Genève",
  "Löhne und Gehälter",
  "Versand Österreich",
  "Werbung Göteborg",
  "Versicherung",
  "Strom § 3 EnWG",
];

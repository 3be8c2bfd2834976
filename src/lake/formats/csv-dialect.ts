import { type Field, type Reading, readSample, type Sample } from "./csv-sample.ts";
import { lookOf } from "./csv-values.ts";

/** How one reading fits the text. */
export interface Fit {
  reading: Reading;
  sample: Sample;
  /** Fields that most records have. */
  width: number;
  /** Share of the records that have them. */
  consistency: number;
  score: number;
}

const separators = [",", ";", "\t", "|"];

/**
 * The reading that fits the text best: most records of one width, quotes that pair up, fields that hold no other
 * separator. `preferred` breaks ties and is the answer where nothing is separated at all.
 */
export function fitDialect(text: string, isCut: boolean, hint: string | undefined, preferred: string): Fit {
  const candidates =
    hint === undefined ? [preferred, ...separators.filter((one) => one !== preferred)] : [hint];
  const fits = candidates.map((separator) => fitQuotes(text, separator, isCut));
  const best = fits.reduce((left, right) => (right.score > left.score ? right : left));
  if (best.score > 0) return best;
  // No reading is consistent: the first line still says what its writer had in mind.
  const widest = fits.reduce((left, right) => (firstWidth(right) > firstWidth(left) ? right : left));
  return firstWidth(widest) > 1 ? { ...widest, width: firstWidth(widest) } : (fits[0] as Fit);
}

function firstWidth({ sample }: Fit): number {
  return sample.records[0]?.length ?? 0;
}

/** Chooses the quote: `"` unless the text says otherwise, as later rows may need it. */
function fitQuotes(text: string, separator: string, isCut: boolean): Fit {
  const double = fitEscapes(text, separator, '"', isCut);
  if (double.sample.wellQuoted > 0) return double;
  const single = fitEscapes(text, separator, "'", isCut);
  if (single.sample.wellQuoted > 1 && single.sample.badlyQuoted === 0) return single;
  return double.sample.badlyQuoted > 1 ? measure(text, { separator, quote: "", escape: "" }, isCut) : double;
}

/** Chooses between doubled quotes and backslashes. */
function fitEscapes(text: string, separator: string, quote: string, isCut: boolean): Fit {
  const doubled = measure(text, { separator, quote, escape: quote }, isCut);
  if (!text.includes(`\\${quote}`)) return doubled;
  const backslash = measure(text, { separator, quote, escape: "\\" }, isCut);
  return quoteFaults(backslash) < quoteFaults(doubled) ? backslash : doubled;
}

function quoteFaults({ sample }: Fit): number {
  return sample.badlyQuoted - sample.wellQuoted;
}

function measure(text: string, reading: Reading, isCut: boolean): Fit {
  const sample = readSample(text, reading, isCut);
  const { width, count } = commonWidth(sample.records);
  const consistency = count / Math.max(1, sample.records.length);
  const score =
    width < 2 || consistency < 0.5
      ? 0
      : consistency ** 2 * (1 - 0.8 * impureShare(sample.records)) * (1 - 1 / (2 * width));
  return { reading, sample, width, consistency, score };
}

/** The width most records have; of equally frequent ones that of the first record, then the larger. */
function commonWidth(records: Field[][]): { width: number; count: number } {
  const counts = new Map<number, number>();
  for (const { length } of records) counts.set(length, (counts.get(length) ?? 0) + 1);
  const first = records[0]?.length;
  const rank = ([width, count]: [number, number]) => count + (width === first ? 0.5 : 0) + width / 1e6;
  const best = [...counts].reduce<[number, number]>(
    (left, right) => (rank(right) > rank(left) ? right : left),
    [0, 0],
  );
  return { width: best[0], count: best[1] };
}

/** Share of unquoted fields with another separator inside that belongs neither to a number nor to prose. */
function impureShare(records: Field[][]): number {
  let impure = 0;
  let total = 0;
  for (const field of records.slice(0, 200).flat()) {
    total += 1;
    if (!field.quoted && /[;\t|]|,(?! )/.test(field.text) && lookOf(field.text) !== "number") impure += 1;
  }
  return total === 0 ? 0 : impure / total;
}

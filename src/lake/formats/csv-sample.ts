/** Characters with a meaning in one reading of a CSV file. */
export interface Reading {
  separator: string;
  quote: string;
  escape: string;
}

export interface Field {
  text: string;
  quoted: boolean;
}

/** The first records of a file under one reading, and how well its quotes fit. */
export interface Sample {
  records: Field[][];
  /** Fields in quotes that end where a field may end. */
  wellQuoted: number;
  /** Opening quotes that are not closed at a field's end. */
  badlyQuoted: number;
}

const maxRecords = 2000;
/** A quoted field longer than this is taken for a quote that was never closed. */
const maxQuotedLength = 16 * 1024;
/** After so many stray quotes, quotes are no longer followed: this bounds the work on hostile text. */
const maxStrays = 200;

/**
 * Splits text into records; blank lines give none. Strays are forgiven, so that a few broken rows do not hide
 * what the rest looks like. `isCut`: the text goes on, and its last record is not looked at.
 */
export function readSample(text: string, reading: Reading, isCut: boolean): Sample {
  const reader = new SampleReader(text, reading);
  const sample: Sample = { records: [], wellQuoted: 0, badlyQuoted: 0 };
  while (reader.at < text.length && sample.records.length < maxRecords) {
    const record = reader.record(sample);
    if (isCut && reader.at >= text.length && sample.records.length > 0) break;
    if (record.length > 1 || record[0]?.quoted || record[0]?.text.trim()) sample.records.push(record);
  }
  return sample;
}

class SampleReader {
  at = 0;
  readonly #text: string;
  readonly #reading: Reading;

  constructor(text: string, reading: Reading) {
    this.#text = text;
    this.#reading = reading;
  }

  record(sample: Sample): Field[] {
    const { separator } = this.#reading;
    const fields: Field[] = [];
    for (;;) {
      fields.push(this.#field(sample));
      if (!this.#text.startsWith(separator, this.at)) break;
      this.at += separator.length;
    }
    if (this.#text[this.at] === "\r") this.at += 1;
    if (this.#text[this.at] === "\n" || this.#text[this.at - 1] !== "\r") this.at += 1;
    return fields;
  }

  #field(sample: Sample): Field {
    const { quote } = this.#reading;
    const isQuoted = quote !== "" && this.#text[this.at] === quote && sample.badlyQuoted < maxStrays;
    if (!isQuoted) return { text: this.#bare(), quoted: false };
    const opened = this.at;
    const text = this.#quoted();
    if (text !== undefined && this.#isFieldEnd()) {
      sample.wellQuoted += 1;
      return { text, quoted: true };
    }
    sample.badlyQuoted += 1;
    this.at = opened;
    return { text: this.#bare(), quoted: false };
  }

  #bare(): string {
    const start = this.at;
    while (!this.#isFieldEnd()) this.at += 1;
    return this.#text.slice(start, this.at);
  }

  /** Leaves `at` behind the closing quote; `undefined` where there is none. */
  #quoted(): string | undefined {
    const { quote, escape: escapeChar } = this.#reading;
    let text = "";
    const end = Math.min(this.#text.length, this.at + maxQuotedLength);
    for (let index = this.at + 1; index < end; index += 1) {
      const char = this.#text[index] as string;
      if (char === escapeChar && (escapeChar !== quote || this.#text[index + 1] === quote)) {
        index += 1;
        text += this.#text[index] ?? "";
      } else if (char === quote) {
        this.at = index + 1;
        return text;
      } else {
        text += char;
      }
    }
    return undefined;
  }

  #isFieldEnd(): boolean {
    const char = this.#text[this.at];
    if (char === undefined || char === "\n" || char === "\r") return true;
    return this.#text.startsWith(this.#reading.separator, this.at);
  }
}

export type DataFormat = "parquet" | "csv" | "json" | "ndjson" | "text";
export type Compression = "none" | "gzip" | "zstd";
/** Character encodings Sluice reads. Everything is handed to the query workers as UTF-8. */
export type TextEncoding = "utf-8" | "utf-16le" | "utf-16be" | "latin-1";

/** How fields are told apart in a CSV file. */
export interface CsvDialect {
  separator: string;
  /** Empty: fields are never quoted. */
  quote: string;
  escape: string;
  hasHeader: boolean;
  /** Physical lines before the header or first row: blank or comment lines. */
  skipLines: number;
}

/** What the first bytes of a file (and its name, where they leave a doubt) say about it. */
export interface DetectedFormat {
  format: DataFormat;
  compression: Compression;
  /** Absent for Parquet. */
  encoding?: TextEncoding;
  /** Present for CSV. */
  dialect?: CsvDialect;
  /** Present for CSV: header names as written, made unique and non-empty (see `notes`). */
  columnNames?: string[];
  /** What a reader should know: "extension says csv, content is Parquet". */
  notes: string[];
}

/** What the caller says of a file, which wins over detection. */
export interface FormatHints {
  format?: DataFormat | undefined;
  separator?: string | undefined;
  hasHeader?: boolean | undefined;
  encoding?: TextEncoding | undefined;
}

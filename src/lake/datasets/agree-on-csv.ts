import { ToolError } from "../../core/errors.ts";
import type { CsvDialect, DetectedFormat } from "../formats/format.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import type { Dataset } from "./dataset.ts";
import type { FetchedFile } from "./hydration.ts";
import type { Sniffer } from "./sniffer.ts";

/** How all CSV files of a dataset are read. */
export interface CsvForm {
  dialect: CsvDialect;
  columnNames: string[];
}

/**
 * The first file says how to read; every other must then have the same columns in the same order, so that no
 * value ends up under another name. Throws `invalid_input` that names the two files that differ, and how.
 */
export async function agreeOnCsv(
  sniffer: Sniffer,
  { uri, hints }: Dataset,
  fetched: readonly (Pick<FetchedFile, "file" | "detected"> & Partial<Pick<FetchedFile, "raw">>)[],
  scope: LakeScope,
): Promise<CsvForm> {
  const [first, ...others] = fetched;
  const form = first && csvForm(first.detected);
  if (!first || !form) throw new TypeError("A CSV dataset has at least one CSV file.");
  const { separator, hasHeader } = form.dialect;
  const sameHints = {
    ...hints,
    separator: hints.separator ?? separator,
    hasHeader: hints.hasHeader ?? hasHeader,
  };
  for (const { file, raw } of others) {
    const other = csvForm(await sniffer.sniff(file.object, sameHints, scope, raw?.path));
    const difference = other ? differenceOf(form, other) : "it is no CSV file";
    if (difference === undefined) continue;
    throw new ToolError(
      "invalid_input",
      `The CSV files of ${quoteName(uri)} are not alike: ${quoteName(file.object.uri)} differs from ` +
        `${quoteName(first.file.object.uri)}: ${difference}. Name alike files with a glob, and bring them together in ` +
        "lake_query with UNION ALL BY NAME.",
    );
  }
  return form;
}

function csvForm({ dialect, columnNames }: DetectedFormat): CsvForm | undefined {
  return dialect && columnNames ? { dialect, columnNames } : undefined;
}

function differenceOf(first: CsvForm, other: CsvForm): string | undefined {
  const shown = (names: readonly string[]) => quoteName(names.join(", "));
  if (first.columnNames.join("\0") !== other.columnNames.join("\0")) {
    return `columns ${shown(other.columnNames)} in place of ${shown(first.columnNames)}`;
  }
  if (first.dialect.skipLines !== other.dialect.skipLines) {
    return `${other.dialect.skipLines} lines above its table in place of ${first.dialect.skipLines}`;
  }
  return undefined;
}

import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";

/** What is said of metadata that does not tell which rows a table has. */
export function damagedMetadata(uri: string, what: string, cause?: unknown): ToolError {
  return new ToolError(
    "invalid_input",
    `The Iceberg metadata is damaged at ${quoteName(uri)}: ${what}. Nothing of the table is read, as a part of it would be wrong rows.`,
    { cause },
  );
}

/** What is said of a table that has something this reader does not read. */
export function unsupportedFeature(uri: string, feature: string): ToolError {
  return new ToolError(
    "unsupported",
    `The Iceberg table ${quoteName(uri)} has ${quoteName(feature)}, which this version does not read. Read it with the engine that wrote it, or write it without.`,
    { details: { tableFormat: "Iceberg", feature } },
  );
}

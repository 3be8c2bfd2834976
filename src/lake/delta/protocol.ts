import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import type { Protocol } from "./actions.ts";

/** What a table may ask of its readers that this one does. Source: Delta protocol, "Valid Feature Names in Table Features". */
const known = new Set([
  "columnMapping",
  "deletionVectors",
  "timestampNtz",
  "typeWidening",
  "typeWidening-preview",
  "v2Checkpoint",
  "vacuumProtocolCheck",
]);

/** Throws `unsupported` with the feature's name where a table asks for more. What it asks of writers does not matter. */
export function checkProtocol(protocol: Protocol, uri: string): void {
  const { minReaderVersion, readerFeatures = [] } = protocol;
  if (minReaderVersion < 1 || minReaderVersion > 3)
    throw unsupported(uri, `reader version ${minReaderVersion}`);
  const feature = minReaderVersion === 3 ? readerFeatures.find((name) => !known.has(name)) : undefined;
  if (feature !== undefined) throw unsupported(uri, feature);
}

function unsupported(uri: string, feature: string): ToolError {
  return new ToolError(
    "unsupported",
    `The Delta table ${quoteName(uri)} needs ${quoteName(feature)} of its readers, which this version does not have. Read it with the engine that wrote it, or write it without.`,
    { details: { tableFormat: "Delta", feature } },
  );
}

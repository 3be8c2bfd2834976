import { ToolError } from "../../core/errors.ts";
import { claimOf } from "../formats/file-name.ts";
import type { LakeScope } from "../scope.ts";
import type { StoredObject } from "../stores/store.ts";
import { type Dataset, nameOf } from "./dataset.ts";
import type { HydrationDeps } from "./hydration.ts";

/** CSV files are looked at for their simple form from this size on, on the average of a dataset. */
export const inspectedBytes = 4 * 1024 * 1024;
/** Datasets that take a larger part of the cache are not held in it as they are stored. */
export const cacheShare = 4;
/** Enough to keep the network busy while the first bytes are looked at. */
const aheadBytes = 64 * 1024 * 1024;

/**
 * Begins to fetch the first file of a dataset that is by its name and size a CSV file to be held as it is stored, of which
 * nobody knows yet what its first bytes say: to ask for those alone takes as long as a tenth of the file does. Whoever
 * then asks the cache for the same bytes waits for what is under way. What is returned stops what nobody waits for, and
 * must be called. Never throws: whoever needs the bytes is told why they do not come.
 */
export function fetchAhead(
  { cache, sniffer, settings }: Pick<HydrationDeps, "cache" | "sniffer" | "settings">,
  { files, hints, sizeBytes }: Dataset,
  scope: LakeScope,
): () => void {
  const [first] = files;
  const isFitting =
    sizeBytes > files.length * inspectedBytes && sizeBytes <= settings.cache.maxBytes / cacheShare;
  if (!first || !isFitting || !claimsPlainCsv(first.object, hints)) return () => {};
  if (sniffer.isKnown(first.object, hints, scope)) return () => {};
  const over = new AbortController();
  const ahead = { ...scope, signal: AbortSignal.any([scope.signal, over.signal]), progress() {} };
  const opening = cache.sparse(first.object, ahead);
  opening.then((file) => file.ensure([{ start: 0, end: aheadBytes }], ahead)).catch(() => {});
  return () => {
    over.abort(new ToolError("timeout", "Nobody waits for these bytes any more."));
    opening.then(
      (file) => file.release(),
      () => {},
    );
  };
}

function claimsPlainCsv(
  { location }: StoredObject,
  { format, encoding = "utf-8" }: Dataset["hints"],
): boolean {
  const { extension, compression } = claimOf(nameOf(location));
  const isCsv = format === undefined ? ["csv", "tsv"].includes(extension) : format === "csv";
  return location.kind === "s3" && isCsv && compression === "none" && encoding === "utf-8";
}

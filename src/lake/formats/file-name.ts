import type { Compression } from "./format.ts";

/** What a file's name claims. A claim only: content decides, and the name settles doubts. */
export interface NameClaim {
  /** Last extension after a compression's, in lower case and without the dot; empty for none. */
  extension: string;
  compression: Compression;
}

const compressionOf: ReadonlyMap<string, Compression> = new Map([
  ["gz", "gzip"],
  ["gzip", "gzip"],
  ["zst", "zstd"],
  ["zstd", "zstd"],
]);

/** Reads the claim of `orders.csv.gz`, of an object key, or of a path. */
export function claimOf(name: string): NameClaim {
  const base = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1);
  const parts = base.toLowerCase().split(".").slice(1);
  const compression = compressionOf.get(parts.at(-1) ?? "");
  if (compression) parts.pop();
  return { extension: parts.at(-1) ?? "", compression: compression ?? "none" };
}

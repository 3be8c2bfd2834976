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
  const last = extensionOf(base);
  const compression = compressionOf.get(last);
  if (compression === undefined) return { extension: last, compression: "none" };
  return { extension: extensionOf(base.slice(0, -last.length - 1)), compression };
}

function extensionOf(base: string): string {
  const dot = base.lastIndexOf(".");
  return dot < 0 ? "" : base.slice(dot + 1).toLowerCase();
}

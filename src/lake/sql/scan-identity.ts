import { jsonDigest } from "../../core/digest.ts";
import type { NamedScan, Scan } from "./engine.ts";

/** Names what statements read: equal for the same tables, of the same versions of their files, under the same names. */
export function digestOf(tables: readonly NamedScan[], ...more: readonly string[]): string {
  const scans = scansOf(tables);
  const named = tables.map(({ name, scan }) => [name, scans.indexOf(scan)]);
  return jsonDigest([...more, named, scans.map(identityOf)], { encoding: "base64url", length: 32 });
}

function identityOf({ files, ...scan }: Scan): unknown {
  return [scan, files.map(({ uri, version, partition }) => [uri, version, partition])];
}

export function hasVersions({ files }: Scan): boolean {
  return files.every(({ version }) => version !== undefined);
}

/** Each scan once, however many names it has. */
export function scansOf(tables: readonly NamedScan[]): Scan[] {
  return [...new Set(tables.map(({ scan }) => scan))];
}

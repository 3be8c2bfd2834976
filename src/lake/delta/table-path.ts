import { ToolError } from "../../core/errors.ts";
import type { Location } from "../location.ts";
import { formatLocation, quoteName } from "../location-names.ts";
import { below, type TableRoot } from "../tables/table-root.ts";

/**
 * The place a path in a table's log names. Relative paths are below the root, absolute ones are taken where they lead
 * below it too. Throws `denied` for all others, whether anything is there or not.
 * Source: Delta protocol, "Add File and Remove File": paths are URIs as of RFC 2396, percent-encoded.
 */
export function pathInTable(root: TableRoot, encoded: string): Location {
  const inside = relativeName(root, encoded);
  const segments = inside?.split("/") ?? [];
  const isInside =
    inside !== undefined &&
    inside !== "" &&
    !inside.includes("\0") &&
    segments.every((segment) => segment !== "" && segment !== "." && segment !== "..");
  if (isInside) return below(root, inside);
  throw new ToolError(
    "denied",
    `The log of the Delta table ${quoteName(root.uri)} names the file ${quoteName(encoded)}, which is not below the table's own folder. Files elsewhere (of shallow clones, or of a table that was moved) are not read.`,
  );
}

function relativeName(root: TableRoot, encoded: string): string | undefined {
  const path = decoded(encoded);
  if (path === undefined) return undefined;
  const [, scheme, rest = ""] = /^([a-zA-Z][a-zA-Z0-9+.-]*):(.*)$/s.exec(encoded) ?? [];
  if (scheme === undefined) {
    if (!path.startsWith("/")) return path;
    return root.location.kind === "local" ? withoutRoot(root.location.path, path) : undefined;
  }
  const plain = decoded(rest) ?? "";
  if (root.location.kind === "local") {
    return scheme === "file" ? withoutRoot(root.location.path, plain.replace(/^\/\/(?=\/)/, "")) : undefined;
  }
  if (!["s3", "s3a", "s3n"].includes(scheme)) return undefined;
  return withoutRoot(formatLocation(root.location), `s3:${plain}`);
}

function withoutRoot(root: string, path: string): string | undefined {
  return path.startsWith(root) ? path.slice(root.length) : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** One spelling of the path of a file's action, by which a removal finds what was added. */
export function canonicalPath(encoded: string): string {
  return (decoded(encoded) ?? encoded).replace(/^file:\/*(?=\/)/, "");
}

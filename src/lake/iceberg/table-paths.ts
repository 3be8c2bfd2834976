import { ToolError } from "../../core/errors.ts";
import type { Location } from "../location.ts";
import { formatLocation, quoteName } from "../location-names.ts";
import { below, type TableRoot } from "../tables/table-root.ts";

/** Where the files are that a table's metadata names. */
export interface TablePaths {
  /** Throws `denied` for a path that is not below the table's folder, whether anything is there or not. */
  locationOf(path: string): Location;
  /** The folder the metadata says the table is in, where that is another. */
  movedFrom: string | undefined;
}

/**
 * Paths are whole URIs, taken as they are: nothing in them is encoded. Those below `location`, where the table was
 * written, are taken to be at the same place below its root: a table can be copied. That never leads out of the root.
 */
export function tablePaths(root: TableRoot, location: string): TablePaths {
  const here = formatLocation(root.location);
  const written = `${plainPath(location).replace(/(?<!\/)\/+$/, "")}/`;
  return {
    movedFrom: written === here ? undefined : location,
    locationOf(path) {
      const plain = plainPath(path);
      const inside = [here, written].find((folder) => plain.startsWith(folder));
      const name = inside === undefined ? "" : plain.slice(inside.length);
      if (isInside(name)) return below(root, name);
      throw new ToolError(
        "denied",
        `The metadata of the Iceberg table ${quoteName(root.uri)} names the file ${quoteName(path)}, which is not below the table's own folder. Files elsewhere are not read.`,
      );
    },
  };
}

function plainPath(path: string): string {
  return path
    .replace(/^\.\//, "")
    .replace(/^s3[an]:\/\//, "s3://")
    .replace(/^file:(?:\/\/)?(?=\/)/, "");
}

function isInside(name: string): boolean {
  return [name, decoded(name)].every(
    (text) =>
      !/[\0\p{Surrogate}]/u.test(text) &&
      text.split("/").every((segment) => segment !== "" && segment !== "." && segment !== ".."),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

import { named, nameOf } from "../datasets/dataset.ts";
import type { Location } from "../location.ts";

/** Where a table is: its folder, whose name ends in `/`. */
export interface TableRoot {
  location: Location;
  /** As callers name it. */
  uri: string;
}

/** What is at a relative name, taken as it is, below the table's root. */
export function below(root: TableRoot, name: string): Location {
  return named(root.location, `${nameOf(root.location)}${name}`);
}

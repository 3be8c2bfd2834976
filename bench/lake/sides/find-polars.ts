import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { nodeForConformance } from "../../../test/harness/node24.ts";

export interface PolarsPlace {
  /** A Node of version 22 or later. */
  node: string;
  /** The package is found from this file. */
  from: string;
}

/**
 * Where Polars can be loaded: beside the project's packages, or in `ownFolder`. npm leaves its native part out on
 * Node 20, for which that part is not made. Gives back the reason, with what to do, where there is none.
 */
export function findPolars(ownFolder: string): PolarsPlace | { missing: string } {
  const node = nodeForConformance();
  const froms = [join(ownFolder, "package.json"), import.meta.filename];
  let reason = "";
  for (const from of froms) {
    if (from !== import.meta.filename && !existsSync(from)) continue;
    const load = `require("node:module").createRequire(${JSON.stringify(from)})("nodejs-polars")`;
    const tried = spawnSync(node, ["-e", load], { encoding: "utf8" });
    if (tried.status === 0) return { node, from };
    reason = /^Error: .*$/m.exec(tried.stderr)?.[0] ?? tried.stderr.trim().slice(0, 300);
  }
  return {
    missing:
      `nodejs-polars ${polarsVersion()} cannot be loaded (${reason}). npm leaves its native package out on Node 20, ` +
      `because that package asks for Node 22. Bring it with a newer Node first in PATH: ` +
      `npm install --prefix ${relative(process.cwd(), ownFolder)} nodejs-polars@${polarsVersion()}`,
  };
}

function polarsVersion(): string {
  const found: unknown = createRequire(import.meta.url)("nodejs-polars/package.json");
  return typeof found === "object" && found !== null && "version" in found ? String(found.version) : "";
}

import { join } from "node:path";
import type { Children } from "../../children.ts";
import type { LakeData } from "../data.ts";
import type { SideName } from "../results.ts";
import type { PolarsPlace } from "./find-polars.ts";
import { startLineSide } from "./line-side.ts";
import { polarsAsked } from "./polars-ops.ts";
import type { Side } from "./side.ts";
import { type SluiceSide, startSluice } from "./sluice.ts";

export interface SidesOptions {
  children: Children;
  programAt: (name: string) => string;
  product: string;
  data: LakeData;
  endpoint: string;
  /** Emptied when the sides have stopped. */
  work: string;
  polars: PolarsPlace | { missing: string };
}

export interface Sides {
  sluice: SluiceSide;
  /** Those that could be started, Sluice too. */
  byName: Map<SideName, Side>;
  /** Why one is missing. */
  missing: Map<SideName, string>;
  stop(): Promise<void>;
}

/** Every side in processes of its own, with nothing kept from before, and warmed up on a file that is not measured. */
export async function startSides(options: SidesOptions): Promise<Sides> {
  const { children, programAt, product, data, endpoint, work } = options;
  const { folder, deltaFiles } = data;
  const duckdb = (settings: object) =>
    startLineSide(
      children,
      children.start(programAt("duckdb"), [JSON.stringify({ deltaFiles, ...settings })]),
      ({ sql }) => sql,
    );
  const byName = new Map<SideName, Side>();
  const sluice = await startSluice({ children, product, endpoint, cacheDir: join(work, "cache") });
  byName.set("Sluice", sluice);
  byName.set("local DuckDB", await duckdb({ way: "local", folder }));
  byName.set("one GET", await duckdb({ way: "one-get", endpoint, folder: join(work, "one-get") }));
  byName.set("parallel GETs", await duckdb({ way: "parallel", endpoint, folder: join(work, "parallel") }));
  const missing = new Map<SideName, string>();
  const started = await startPolars(options).catch((thrown: unknown) => String(thrown));
  if (typeof started === "string") missing.set("Polars", started);
  else byName.set("Polars", started);
  return {
    sluice,
    byName,
    missing,
    async stop() {
      for (const side of byName.values()) await side.stop();
    },
  };
}

/** Polars, or why it cannot be asked. */
async function startPolars({ children, programAt, endpoint, polars }: SidesOptions): Promise<Side | string> {
  if ("missing" in polars) return polars.missing;
  const child = children.start(programAt("polars"), [endpoint, polars.from], { node: polars.node });
  return startLineSide(children, child, polarsAsked);
}

import { createRequire } from "node:module";
import { keyOf } from "../data.ts";
import { decimals, profiledColumns } from "../profile-questions.ts";
import { polarsProfile, polarsSchema } from "../sides/polars-ops.ts";
import type { SideRequest } from "../sides/side.ts";
import { answerLines } from "./answer-lines.ts";

/** Polars scanning the store at `argv[2]` itself; the package is found from the file `argv[3]`. Node 22 or later. */
const [, , endpoint = "", from = import.meta.url] = process.argv;
const pl: typeof import("nodejs-polars").default = createRequire(from)("nodejs-polars");

type Ask = Extract<SideRequest, { op: "ask" }>;
type Frame = ReturnType<typeof pl.scanParquet>;

const cloudOptions = {
  aws_access_key_id: "bench",
  aws_secret_access_key: "bench",
  aws_region: "eu-central-1",
  aws_endpoint_url: endpoint,
  aws_virtual_hosted_style_request: "false",
  aws_allow_http: "true",
};

function scan({ dataset, take }: Ask): Frame {
  const at = `s3://bench/${take}/`;
  if (dataset === "delta") throw new Error("nodejs-polars has no reader for Delta tables.");
  if (dataset === "csv") return pl.scanCSV(at + keyOf.csv, { parseDates: true, cloudOptions });
  if (dataset === "hello") return pl.scanParquet(`${at}hello.parquet`, { cloudOptions });
  if (dataset === "parquet") return pl.scanParquet(at + keyOf.parquet, { cloudOptions });
  return pl.scanParquet(`${at}${keyOf.files}*/*.parquet`, { hivePartitioning: true, cloudOptions });
}

async function rowsOf(request: Ask): Promise<unknown[][]> {
  const frame = scan(request);
  if (request.sql === polarsSchema) {
    const { schema } = await frame.limit(0).collect();
    return Object.entries(schema).map(([name, type]) => [name, duckdbName(String(type))]);
  }
  const asked =
    request.sql === polarsProfile ? profileOf(frame) : pl.SQLContext({ t: frame }).execute(request.sql);
  return (await (asked as Frame).collect()).rows();
}

/** As the SQL of DuckDB's profile has it, but for deviations, and for distinct values, which Polars counts exactly and takes its time. */
function profileOf(frame: Frame): Frame {
  const { numbers, others } = profiledColumns;
  return frame.select(
    ...[...numbers, ...others].flatMap((name) => {
      const column = pl.col(name);
      const all = [
        column.nullCount().alias(`nulls_${name}`),
        shown(column.min(), name).alias(`min_${name}`),
        shown(column.max(), name).alias(`max_${name}`),
      ];
      return numbers.includes(name) ? [...all, column.cast(pl.Float64).mean().alias(`mean_${name}`)] : all;
    }),
  );
}

/** Decimals do not come over to JavaScript. */
function shown(value: ReturnType<typeof pl.col>, name: string): ReturnType<typeof pl.col> {
  return decimals.includes(name) ? value.cast(pl.Float64) : value;
}

const duckdbNames: Readonly<Record<string, string>> = {
  Int64: "BIGINT",
  Int32: "INTEGER",
  String: "VARCHAR",
  Date: "DATE",
};

/** DuckDB's name of a type such as `DataType(Int64)`, for what the data has. */
function duckdbName(type: string): string {
  const [, name = type] = /^DataType\((.*)\)$/.exec(type) ?? [];
  return duckdbNames[name] ?? name.replace(/^Decimal/, "DECIMAL");
}

await answerLines(async (request) => {
  if (request.op === "forget") return { forgotten: request.take };
  const startedMs = performance.now();
  const rows = await rowsOf(request);
  return { ms: performance.now() - startedMs, rows };
});

import type { Heading } from "../report.ts";
import type { LakeData } from "./data.ts";
import type { Link } from "./s3-model/link.ts";

export interface RunFacts {
  data: LakeData;
  link: Link;
  rounds: number;
  /** Arguments of the command. */
  given: readonly string[];
}

/** What was asked of whom, over what. */
export function describeRun({ data, link, rounds, given }: RunFacts): Heading {
  const { rows, sizeBytes } = data;
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  const shared =
    link.bytesPerSecond > 0 ? `, ${megabytes(link.bytesPerSecond)}/s for all connections together` : "";
  const options = given.map((one) => (/\s/.test(one) ? `"${one}"` : one)).join(" ");
  return {
    title: "Performance of the lake",
    command: `npm run bench:lake${options === "" ? "" : ` -- ${options}`}`,
    about:
      `${rows.toLocaleString("en-US")} order lines of 16 columns, after TPC-H's lineitem, sorted by key: one Parquet file ` +
      `of ${megabytes(sizeBytes.parquet)}, the same as CSV of ${megabytes(sizeBytes.csv)}, as 2,000 Parquet files in 100 Hive ` +
      `partitions (files), and as a Delta table of ${data.deltaFiles.length} files; served over S3's protocol with ` +
      `${link.firstByteMs} ms to the first byte and ${megabytes(link.bytesPerSecondPerConnection)}/s per connection${shared}. ` +
      `Medians of ${rounds} rounds, everyone in processes of their own and in turns on the same machine, whose disk and memory ` +
      "are brought to rest before each question: ratios hold better than times.\n\n" +
      "Sluice: the built server with its default settings but for longer timeouts, through its tools over HTTP, asked by the MCP SDK's client. One " +
      "GET, parallel GETs: the whole object to disk with the AWS SDK (ranges of 8 MB, 16 at once; of a folder 32 objects at " +
      "once for both), then DuckDB. Polars: nodejs-polars scanning the store itself. Local DuckDB: on the served files, which " +
      "is the limit. Of the Delta table, those who cannot read its log are told which files are live. Every answer is compared " +
      "with that of DuckDB on the local files (doubles to 1e-9), but for what sides may estimate each in their own way, and for the sampled and exact tiers of the " +
      "profile, which DuckDB has no like of.\n\n" +
      "Full profile: of every column, over every row, nulls, least, greatest, mean, deviation and distinct values, the last " +
      "two not compared. DuckDB estimates distinct values by sketches, Polars tells none and no deviations; Sluice counts few " +
      "values and estimates many, and gives quantiles of a sample too. The exact tier adds what the tool gives when it is asked " +
      "nothing else: top values and histograms, which of so many rows are a sample's.",
  };
}

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { z } from "zod";
import { keyOf } from "../data.ts";
import { emptyFiles } from "../empty-files.ts";
import type { SideRequest } from "../sides/side.ts";
import { answerLines } from "./answer-lines.ts";
import { createFetcher } from "./fetch-objects.ts";

/** How this program comes by its files, as JSON in `argv[2]`. */
const settings = z
  .discriminatedUnion("way", [
    /** The served files themselves: what nobody can be faster than. */
    z.object({ way: z.literal("local"), folder: z.string(), deltaFiles: z.array(z.string()) }),
    z.object({
      way: z.enum(["one-get", "parallel"]),
      folder: z.string(),
      endpoint: z.string(),
      deltaFiles: z.array(z.string()),
    }),
  ])
  .parse(JSON.parse(process.argv[2] ?? "{}"));

type Ask = Extract<SideRequest, { op: "ask" }>;

const fetcher =
  settings.way === "local" ? undefined : createFetcher(settings.endpoint, settings.folder, settings.way);
const fetched = new Map<string, string[]>();
await mkdir(settings.folder, { recursive: true });
const connection = await (await DuckDBInstance.create(":memory:")).connect();

/** Paths of the files of a question. Delta: the live files, told by whoever wrote the log, which nobody replays here. */
async function pathsOf({ dataset, take }: Ask): Promise<string[]> {
  const key = dataset === "hello" ? "hello.parquet" : keyOf[dataset];
  if (!fetcher) {
    if (dataset === "delta") return settings.deltaFiles.map((file) => join(settings.folder, key, file));
    return [join(settings.folder, key, key.endsWith("/") ? "*/*.parquet" : "")];
  }
  const known = fetched.get(take);
  if (known) return known;
  const at = `${take}/${key}`;
  const paths = key.endsWith("/") ? await fetcher.folder(at) : [await fetcher.object(at)];
  const live = dataset === "delta" ? paths.filter((path) => isLive(path, at)) : paths;
  fetched.set(take, live);
  return live;
}

function isLive(path: string, table: string): boolean {
  return settings.deltaFiles.some((file) => path.endsWith(join(table, file)));
}

function tableOf(dataset: Ask["dataset"], paths: readonly string[]): string {
  const list = `[${paths.map((path) => `'${path.replaceAll("'", "''")}'`).join(", ")}]`;
  if (dataset === "csv") return `read_csv(${list})`;
  if (dataset === "files" || dataset === "delta") return `read_parquet(${list}, hive_partitioning = true)`;
  return `read_parquet(${list})`;
}

async function ask(request: Ask) {
  const startedMs = performance.now();
  const paths = await pathsOf(request);
  const fetchMs = performance.now() - startedMs;
  // A statement that names a row's number in the file needs it as a column.
  const table = tableOf(request.dataset, paths);
  const numbered = request.sql.includes("file_row_number")
    ? table.replace(/\)$/, ", file_row_number = true)")
    : table;
  const reader = await connection.runAndReadAll(request.sql.replace("{table}", numbered));
  const rows = reader.getRowsJson();
  const ms = performance.now() - startedMs;
  const kept = reader
    .columnNames()
    .map((name) => !request.ignored || !new RegExp(request.ignored).test(name));
  return { ms, fetchMs, rows: rows.map((row) => row.filter((_, at) => kept[at])) };
}

await answerLines(async (request) => {
  if (request.op === "ask") return ask(request);
  fetched.delete(request.take);
  if (fetcher) await emptyFiles(join(settings.folder, request.take));
  return { forgotten: request.take };
});

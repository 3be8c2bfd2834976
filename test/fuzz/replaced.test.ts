import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ToolError } from "../../src/core/errors.ts";
import type { LakeScope } from "../../src/lake/scope.ts";
import { tellFigures } from "../harness/figures.ts";
import { type GatedLake, startGatedLake } from "../harness/gated-lake.ts";
import { parquetOf } from "../harness/parquet.ts";
import { type Choices, choices } from "./random.ts";

let gated: GatedLake;

beforeAll(async () => {
  gated = await startGatedLake();
});
afterAll(() => gated.stop());

const bound = { maxRows: 100_000, maxBytes: 50_000_000 };
const uris = { parquet: "s3://lake/object.parquet", csv: "s3://lake/object.csv" } as const;
type Format = keyof typeof uris;

/** Every value of a version says which it is, so that rows, columns and row groups of two cannot be told to be one. */
const statements = [
  "SELECT count(*), min(first), max(first), min(last), max(last), sum(id) FROM t",
  "SELECT first, last, count(*) FROM t GROUP BY ALL ORDER BY ALL",
  "SELECT a.first, b.last, count(*) FROM t a JOIN t b USING (id) GROUP BY ALL ORDER BY ALL",
  "SELECT count(*) FROM t",
  "SELECT * EXCLUDE (noise) FROM t WHERE id = 4000",
  "SELECT id, first, last FROM t ORDER BY id DESC LIMIT 20",
  "SELECT id, last FROM t LIMIT 10",
  "SELECT first, max(noise), count(DISTINCT last) FROM t WHERE id BETWEEN 1000 AND 9000 GROUP BY first",
];

interface Versions {
  old: Buffer;
  /** Another content, of the same size. */
  twin: Buffer;
  /** Another content and size. */
  other: Buffer;
}

async function parquetVersions(): Promise<Versions> {
  const version = (value: number, rows: number) =>
    parquetOf(
      `SELECT i AS id, ${value} AS first, concat(${[1, 2, 3, 4].map((n) => `md5('${value}' || i * ${n})`).join(", ")}) AS noise, ${value} AS last FROM range(${rows}) t(i)`,
      "COMPRESSION uncompressed, ROW_GROUP_SIZE 2048",
    );
  return { old: await version(1, 12_000), twin: await version(2, 12_000), other: await version(3, 15_000) };
}

function csvVersions(): Versions {
  const version = (value: number, rows: number) =>
    Buffer.from(
      `id,first,noise,last\n${Array.from({ length: rows }, (_, id) => `${id},${value},${`noise ${id} `.repeat(5)},${value}`).join("\n")}\n`,
    );
  return { old: version(1, 12_000), twin: version(2, 12_000), other: version(3, 15_000) };
}

/** What a statement, or a walk through pages, gives. A fault gives its code. */
async function answerOf(format: Format, sql: string | undefined, scope: LakeScope): Promise<string> {
  const uri = uris[format];
  try {
    if (sql !== undefined)
      return JSON.stringify((await gated.lake.query({ sql, sources: { t: { uri } }, ...bound }, scope)).rows);
    const columns = ["id", "first", "last"];
    const first = await gated.lake.readRows({ uri, columns, ...bound, maxRows: 3_000 }, scope);
    const { cursor } = first;
    if (cursor === undefined) throw new RangeError("One page held it all.");
    const second = await gated.lake.readRows({ uri, columns, ...bound, maxRows: 3_000, cursor }, scope);
    return JSON.stringify([first.rows, second.rows]);
  } catch (thrown) {
    if (thrown instanceof ToolError)
      return thrown.code === "changed" ? "changed" : `${thrown.code}: ${thrown.message}`;
    throw thrown;
  }
}

async function put(format: Format, body: Buffer): Promise<void> {
  await gated.server.put("lake", uris[format].slice("s3://lake/".length), body);
}

/** `npm run prove -- --only replaced` has 200. */
const tries = Number(process.env.REPLACED_TRIES ?? 60);

test(`an object replaced during a query: ${tries} tries give one version's answer or say changed`, {
  timeout: 600_000,
}, async () => {
  const seed = Number(process.env.SLUICE_FUZZ_SEED ?? Date.now() % 1e9);
  console.info(`seed ${seed}: repeat with SLUICE_FUZZ_SEED=${seed}`);
  const versions = { parquet: await parquetVersions(), csv: csvVersions() };
  expect([versions.parquet.twin.length, versions.csv.twin.length]).toEqual([
    versions.parquet.old.length,
    versions.csv.old.length,
  ]);
  const counts = { changed: 0, old: 0, replaced: 0, fired: 0, alike: 0 };
  for (let index = 0; index < tries; index++) {
    const random = choices(seed, index);
    const format = random.chance(70) ? "parquet" : "csv";
    const sql = random.chance(85) ? random.of(statements) : undefined;
    const { old, [random.of(["twin", "other"] as const)]: next } = versions[format];
    const outcome = await oneTry(random, { format, sql, old, next });
    counts[outcome.kind]++;
    if (outcome.fired) counts.fired++;
    if (outcome.isAlike) counts.alike++;
  }
  expect(counts.fired).toBe(tries);
  expect(Math.min(counts.changed, counts.replaced)).toBeGreaterThan(0);
  const { changed, old, replaced, alike } = counts;
  tellFigures({
    "tries, in each of which it was replaced before one of the requests": tries,
    "answers that say `changed`": changed,
    "answers of the old version": old,
    "tries in which both versions have the same answer": alike,
    "answers of the new version": replaced,
    "answers of both or neither": tries - changed - old - replaced,
  });
});

interface Try {
  format: Format;
  sql: string | undefined;
  old: Buffer;
  next: Buffer;
}

/** Answers and numbers of requests where nothing happens, by what was asked of which version. */
const undisturbed = new Map<string, { value: string; requests: number }>();

async function undisturbedOf({ format, sql }: Try, body: Buffer) {
  const key = JSON.stringify([format, sql, createHash("md5").update(body).digest("hex")]);
  const known = undisturbed.get(key);
  if (known) return known;
  await put(format, body);
  const found = await gated.behind(
    () => undefined,
    (scope) => answerOf(format, sql, scope),
  );
  undisturbed.set(key, found);
  return found;
}

/** Replaces the object before one of the requests its reading takes. */
async function oneTry(random: Choices, asked: Try) {
  const { format, sql, old, next } = asked;
  const { value: replaced } = await undisturbedOf(asked, next);
  const { value: before, requests } = await undisturbedOf(asked, old);
  await put(format, old);
  const moment = random.below(requests);
  let fired = false;
  const { value } = await gated.behind(
    async (_request, index) => {
      if (index === moment) {
        await put(format, next);
        fired = true;
      }
      return undefined;
    },
    (scope) => answerOf(format, sql, scope),
  );
  const kind =
    value === "changed" ? "changed" : value === before ? "old" : value === replaced ? "replaced" : undefined;
  if (kind) return { kind, fired, isAlike: before === replaced } as const;
  const moments = `replaced before request ${moment} of ${requests}`;
  throw new Error(`${sql ?? "pages"} of ${format}, ${moments}, gave ${value.slice(0, 500)}`);
}

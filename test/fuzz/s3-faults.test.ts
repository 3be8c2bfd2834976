import { afterAll, beforeAll, expect, test } from "vitest";
import { ToolError } from "../../src/core/errors.ts";
import type { Fault } from "../harness/fault-proxy.ts";
import { type GatedLake, startGatedLake } from "../harness/gated-lake.ts";
import { parquetOf } from "../harness/parquet.ts";
import { type Choices, choices } from "./random.ts";

let gated: GatedLake;

beforeAll(async () => {
  gated = await startGatedLake();
  const noise = "concat(md5(i::VARCHAR), md5((i * 7)::VARCHAR), md5((i * 11)::VARCHAR))";
  const options = "COMPRESSION uncompressed, ROW_GROUP_SIZE 2048";
  await gated.server.put(
    "lake",
    "a.parquet",
    await parquetOf(`SELECT i AS id, ${noise} AS noise, i % 9 AS k FROM range(30000) t(i)`, options),
  );
  const lines = Array.from({ length: 20_000 }, (_, id) => `${id},${id % 9},${`text ${id} `.repeat(5)}`);
  await gated.server.put("lake", "a.csv", `id,k,noise\n${lines.join("\n")}\n`);
});
afterAll(() => gated.stop());

const statements = ["parquet", "csv"].flatMap((format) => [
  `SELECT k, count(*), sum(id), max(noise) FROM 's3://lake/a.${format}' GROUP BY k ORDER BY k`,
  `SELECT * FROM 's3://lake/a.${format}' WHERE id % 1000 = 7 ORDER BY id`,
  `SELECT count(*), max(id) FROM 's3://lake/a.${format}'`,
]);

/** What goes wrong, how often in one call, and with what a call may end that does not get over it. */
const kinds: { name: string; fault(random: Choices): Fault; times: number; codes: string[] }[] = [
  {
    name: "503 for a while",
    fault: () => ({ kind: "answer", status: 503 }),
    times: 2,
    codes: ["throttled", "unavailable"],
  },
  {
    name: "503 without end",
    fault: () => ({ kind: "answer", status: 503 }),
    times: Number.POSITIVE_INFINITY,
    codes: ["throttled", "unavailable"],
  },
  {
    name: "a reset in the middle",
    fault: (random) => ({ kind: "reset", afterBytes: random.below(100_000) }),
    times: 1,
    codes: ["unavailable"],
  },
  {
    name: "resets without end",
    fault: (random) => ({ kind: "reset", afterBytes: random.below(100_000) }),
    times: Number.POSITIVE_INFINITY,
    codes: ["unavailable"],
  },
  {
    name: "a body that is short",
    fault: (random) => ({ kind: "short", bytes: random.below(10_000) }),
    times: 1,
    codes: ["changed", "unavailable"],
  },
  {
    name: "an answer that hangs",
    fault: (random) => ({ kind: "hang", afterBytes: random.below(10_000) - 1 }),
    times: 1,
    codes: ["timeout", "unavailable"],
  },
];

const triesPerKind = 12;

test.each(kinds)(
  "$name gives the same rows or a fault that says so",
  { timeout: 300_000 },
  async ({ name, fault, times, codes }) => {
    const seed = Number(process.env.SLUICE_FUZZ_SEED ?? Date.now() % 1e9);
    console.info(`seed ${seed}: repeat with SLUICE_FUZZ_SEED=${seed}`);
    let firedInAll = 0;
    let failed = 0;
    for (let index = 0; index < (name.includes("hangs") ? 1 : triesPerKind); index++) {
      const random = choices(seed, index, name.length);
      const sql = random.of(statements);
      const expected = await gated.behind(
        () => undefined,
        (scope) => rowsOf(sql, scope),
      );
      const from = random.below(expected.requests);
      let fired = 0;
      const { value } = await gated.behind(
        ({ method }, at) => {
          // A HEAD has no body to break.
          if (at < from || fired >= times || (method === "HEAD" && !name.startsWith("503"))) return undefined;
          fired++;
          return fault(random);
        },
        (scope) => rowsOf(sql, scope).catch((thrown: unknown) => thrown),
      );
      firedInAll += fired;
      if (typeof value === "string")
        expect(value, `${sql}, ${name} from request ${from}`).toBe(expected.value);
      else {
        failed++;
        expect(value).toBeInstanceOf(ToolError);
        expect(codes, String(value)).toContain((value as ToolError).code);
      }
    }
    console.info(`${name}: fired ${firedInAll} times, ${failed} calls failed`);
    expect(firedInAll).toBeGreaterThan(0);
    if (times === Number.POSITIVE_INFINITY) expect(failed).toBeGreaterThan(0);
  },
);

async function rowsOf(sql: string, scope: Parameters<GatedLake["lake"]["query"]>[1]): Promise<string> {
  return JSON.stringify(
    (await gated.lake.query({ sql, sources: {}, maxRows: 10_000, maxBytes: 5_000_000 }, scope)).rows,
  );
}

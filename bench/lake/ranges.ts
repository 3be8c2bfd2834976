import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createObjectCache } from "../../src/lake/cache/object-cache.ts";
import type { LakeSettings } from "../../src/lake/settings.ts";
import { createStores } from "../../src/lake/stores/create-stores.ts";
import { lakeScope, lakeSettings, loopbackS3 } from "../../test/harness/lake-settings.ts";
import { bundleLakePrograms } from "../bundle.ts";
import { createChildren, firstJsonLine } from "../children.ts";
import { renderReport, type Section } from "../report.ts";
import { median } from "../stats.ts";
import { cacheDir, keyOf, openLakeData, wholeRows } from "./data.ts";
import { usualLink } from "./s3-model/link.ts";
import { settleDisk } from "./settle.ts";

/** What the product takes is 8 and 16. */
const partMegabytes = [1, 4, 8, 16, 64];
const parallels = [4, 8, 16, 32];
const usage = `Usage: npm run bench:ranges -- [--rounds <n>]

Downloads the Parquet file of bench:lake through the product's cache of blocks, in ranges of several sizes and several at once.
`;

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, help: { type: "boolean", default: false } },
});
const rounds = Number(values.rounds);
if (values.help || !(rounds >= 1 && rounds <= 50)) {
  process.stderr.write(usage);
  process.exit(values.help ? 0 : 2);
}

const work = join(cacheDir, `ranges-${process.pid}`);
const scope = lakeScope();
const children = createChildren();
try {
  await mkdir(work, { recursive: true });
  const programAt = await bundleLakePrograms();
  const data = await openLakeData(cacheDir, wholeRows, children, programAt("generate"));
  const model = children.start(programAt("s3-model"), [data.folder, JSON.stringify(usualLink)]);
  const { url } = (await firstJsonLine(model)) as { url: string };
  const settings = lakeSettings({
    buckets: [{ bucket: "bench", prefix: "" }],
    s3: loopbackS3(url),
    cache: { dir: join(work, "cache"), maxBytes: 4 * data.sizeBytes.parquet },
  });
  const tookMs = await measure(settings);
  process.stdout.write(
    renderReport(
      {
        title: "Ranges of a download",
        command: "npm run bench:ranges",
        about: `${Math.round(data.sizeBytes.parquet / 1e6)} MB over S3's protocol into the cache of blocks, with ${usualLink.firstByteMs} ms to the first byte and ${usualLink.bytesPerSecondPerConnection / 1e6} MB/s per connection; medians of ${rounds} rounds, all in turns in one process.`,
      },
      [sectionOf(tookMs)],
      new Date(),
    ),
  );
} finally {
  await children.stopAll();
  await rm(work, { recursive: true, force: true });
}

/** Milliseconds by the bytes of a range and how many there are at once. */
async function measure(settings: LakeSettings): Promise<Map<string, number[]>> {
  const stores = createStores(settings, { credentials: { accessKeyId: "bench", secretAccessKey: "bench" } });
  const took = new Map<string, number[]>();
  // The first download takes longer than any other: it is not counted.
  await download(settings, stores, "take-first", { megabytes: 8, parallel: 16 });
  for (let round = 0; round < rounds; round++) {
    for (const megabytes of partMegabytes) {
      for (const parallel of parallels) {
        await settleDisk();
        const take = `take-${round}-${megabytes}-${parallel}`;
        const ms = await download(settings, stores, take, { megabytes, parallel });
        const key = keyed(megabytes, parallel);
        took.set(key, [...(took.get(key) ?? []), ms]);
      }
    }
  }
  stores.close();
  return took;
}

async function download(
  settings: LakeSettings,
  stores: ReturnType<typeof createStores>,
  take: string,
  { megabytes, parallel }: { megabytes: number; parallel: number },
): Promise<number> {
  const cache = createObjectCache({ settings, stores }, { partBytes: megabytes * 2 ** 20, parallel });
  const object = await stores.head(stores.resolve(`s3://bench/${take}/${keyOf.parquet}`), scope.signal);
  const startedMs = performance.now();
  const file = await cache.object(object, scope);
  const tookMs = performance.now() - startedMs;
  file.release();
  await cache.close();
  return tookMs;
}

function keyed(megabytes: number, parallel: number): string {
  return `${megabytes}/${parallel}`;
}

function sectionOf(took: ReadonlyMap<string, number[]>): Section {
  const msOf = (megabytes: number, parallel: number) => median(took.get(keyed(megabytes, parallel)) ?? []);
  return {
    title: "Time",
    about:
      "Rows: bytes of a range. Columns: ranges at once; of ranges of up to 1 MiB four times as many, up to 96.",
    columns: ["", ...parallels.map((parallel) => `${parallel} at once`)],
    rows: partMegabytes.map((megabytes) => [
      `${megabytes} MiB`,
      ...parallels.map((parallel) => `${msOf(megabytes, parallel).toFixed(0)} ms`),
    ]),
    goals: [],
  };
}

import { ToolError } from "../../src/core/errors.ts";
import { createObjectCache } from "../../src/lake/cache/object-cache.ts";
import { createStores } from "../../src/lake/stores/create-stores.ts";
import { lakeScope, lakeSettings, loopbackS3 } from "./lake-settings.ts";
import { createRandom } from "./random.ts";
import { s3Credentials } from "./s3-server.ts";

// A server process that fetches one object into a cache folder, for tests that kill it: whole, or given a seed and
// a cap, random ranges of it and small objects for three tenants, for ever.
const [endpoint = "", dir = "", seed, maxBytes = "10000000"] = process.argv.slice(2);
const settings = lakeSettings({
  buckets: [{ bucket: "data", prefix: "" }],
  s3: loopbackS3(endpoint),
  cache: { dir, maxBytes: Number(maxBytes) },
});
const stores = createStores(settings, { credentials: s3Credentials });
const cache = createObjectCache({ settings, stores }, { partBytes: 65_536, parallel: 4 });
const head = (key: string) => stores.head(stores.resolve(`s3://data/${key}`), new AbortController().signal);
const object = await head("large");
process.stdout.write("started\n");
if (seed === undefined) await cache.object(object, lakeScope());
else await readAtRandom(createRandom(Number(seed)));

async function readAtRandom(random: (below: number) => number): Promise<void> {
  const small = await Promise.all(["small-0", "small-1", "small-2", "small-3"].map(head));
  for (;;) {
    const scope = lakeScope({ tenantId: `tenant-${random(3)}` });
    const file = await cache.sparse(object, scope);
    const ranges = Array.from({ length: 1 + random(4) }, () => {
      const start = random(object.sizeBytes);
      return { start, end: start + 1 + random(40_000) };
    });
    try {
      await file.ensure(ranges, scope, { maxGapBytes: random(5_000) });
    } catch (thrown) {
      if (!(thrown instanceof ToolError) || thrown.code !== "too_large") throw thrown;
    }
    file.release();
    for (const one of small) await readSmall(one, scope);
  }
}

async function readSmall(one: typeof object, scope: ReturnType<typeof lakeScope>): Promise<void> {
  try {
    (await cache.object(one, scope)).release();
  } catch (thrown) {
    if (!(thrown instanceof ToolError) || thrown.code !== "too_large") throw thrown;
  }
}

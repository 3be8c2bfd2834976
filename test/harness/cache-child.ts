import { createObjectCache } from "../../src/lake/cache/object-cache.ts";
import { createStores } from "../../src/lake/stores/create-stores.ts";
import { lakeScope, lakeSettings, loopbackS3 } from "./lake-settings.ts";
import { s3Credentials } from "./s3-server.ts";

// A server process that fetches one object into a cache folder, for tests that kill it.
const [endpoint = "", dir = ""] = process.argv.slice(2);
const settings = lakeSettings({
  buckets: [{ bucket: "data", prefix: "" }],
  s3: loopbackS3(endpoint),
  cache: { dir, maxBytes: 10_000_000 },
});
const stores = createStores(settings, { credentials: s3Credentials });
const cache = createObjectCache({ settings, stores }, { partBytes: 65_536, parallel: 4 });
const object = await stores.head(stores.resolve("s3://data/large"), new AbortController().signal);
process.stdout.write("started\n");
await cache.object(object, lakeScope());

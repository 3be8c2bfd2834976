import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { createS3Model } from "../s3-model/model.ts";

/** Serves folder `argv[2]` as bucket `bench` behind the link `argv[3]` (JSON). Each line names a take and is answered with its counts. */
const [, , folder = "", link = "{}"] = process.argv;
const model = createS3Model(folder, "bench", JSON.parse(link));
model.server.listen(0, "127.0.0.1");
await once(model.server, "listening");
const { port } = model.server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(model.takeTraffic(JSON.parse(line)))}\n`);
}
// Whoever started this has ended.
process.exit(0);

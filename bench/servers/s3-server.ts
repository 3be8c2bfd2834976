import { startS3Endpoint } from "../../src/demo/s3-endpoint/endpoint.ts";

/** Serves folder `argv[2]` as bucket `bench` over the modelled link, in a process of its own. */
const { url } = await startS3Endpoint({
  buckets: [{ name: "bench", path: process.argv[2] ?? "" }],
  region: "eu-central-1",
  link: { firstByteMs: Number(process.argv[3]), bytesPerSecondPerConnection: Number(process.argv[4]) },
});
process.stdout.write(`${JSON.stringify({ url })}\n`);

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connectRemote } from "../../src/commands/call/remote.ts";
import { startS3Endpoint } from "../../src/demo/s3-endpoint/endpoint.ts";
import { familyBytes, writeBigText } from "./big-csv.ts";
import { program } from "./cli.ts";

/**
 * Profiles every row of a CSV, or of NDJSON, on S3 that is larger than the cache with the built server, and prints the
 * peak of memory of it and its workers. The server is killed when that passes 1 GiB; besides, the system bounds the private
 * memory of each process to that. Linux only. `npm run prove:big-csv -- --gib 5 [--ndjson] [--gzip] [--folder /somewhere]`
 */
const { values } = parseArgs({
  options: {
    gib: { type: "string", default: "5" },
    ndjson: { type: "boolean", default: false },
    gzip: { type: "boolean", default: false },
    folder: { type: "string", default: tmpdir() },
  },
});
const limitBytes = 1024 ** 3;
const cacheBytes = 2e9;
const folder = await mkdtemp(join(values.folder, "sluice-prove-"));
try {
  await prove();
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function prove(): Promise<void> {
  const format = values.ndjson ? "ndjson" : "csv";
  const key = `big.${format}${values.gzip ? ".gz" : ""}`;
  await mkdir(join(folder, "bucket"));
  const rowCount = await writeBigText(join(folder, "bucket", key), Number(values.gib) * 1024 ** 3, {
    format,
    isGzip: values.gzip,
  });
  const { size } = await stat(join(folder, "bucket", key));
  console.log(`${key}: ${size} bytes, ${rowCount} rows`);
  const buckets = [{ name: "big", path: join(folder, "bucket") }];
  const endpoint = await startS3Endpoint({ buckets, region: "eu-west-1" });
  const server = await startServer(endpoint.url);
  const watch = watchMemory(server.pid);
  try {
    const caller = await connectRemote({ url: new URL(server.url) }, new AbortController().signal);
    const ask = async (tool: string, args: Record<string, unknown>) => {
      const startedMs = performance.now();
      const answer = await caller.call(tool, args, {
        signal: new AbortController().signal,
        progress() {},
      });
      if (answer.kind !== "completed") throw new Error(`${tool}: ${JSON.stringify(answer)}`);
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      console.log(`${tool}: ${seconds} s, peak so far ${mebibytes(watch.peakBytes())} MiB`);
      return answer.output;
    };
    const uri = `s3://big/${key}`;
    await ask("lake_read_rows", { uri, limit: 20 });
    const counted = await ask("lake_query", { sql: `SELECT count(*), sum(id) FROM '${uri}'` });
    const profile = await ask("lake_profile_dataset", { uri, mode: "whole" });
    check("count(*)", (counted.rows as unknown[][])[0]?.[0], rowCount);
    check("rows profiled", profile.profiledRows, rowCount);
    await caller.close();
    console.log(`cache: ${await bytesBelow(join(folder, "cache"))} bytes of ${cacheBytes}`);
    console.log(
      `peak of server and workers: ${mebibytes(watch.peakBytes())} MiB of ${mebibytes(limitBytes)}`,
    );
  } finally {
    watch.stop();
    await server.stop();
    await endpoint.close();
  }
}

async function startServer(s3Url: string) {
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: folder,
    AWS_ACCESS_KEY_ID: "AKIATEST",
    AWS_SECRET_ACCESS_KEY: "test",
    SLUICE_LAKE_S3_REGION: "eu-west-1",
    SLUICE_LAKE_S3_ENDPOINT: s3Url,
    SLUICE_LAKE_S3_FORCE_PATH_STYLE: "true",
    SLUICE_LAKE_BUCKETS: "big",
    SLUICE_LAKE_CACHE_DIR: join(folder, "cache"),
    SLUICE_LAKE_CACHE_MAX_BYTES: String(cacheBytes),
    SLUICE_LAKE_MAX_DECOMPRESSED_BYTES: "100GB",
    SLUICE_LAKE_QUERY_TIMEOUT_MS: "30m",
    SLUICE_LAKE_QUERY_THREADS: "2",
    SLUICE_LAKE_QUERY_WORKERS: "2",
    SLUICE_CALLS_TIMEOUT_MS: "60m",
  };
  const bound = `ulimit -d ${limitBytes / 1024}; exec "$@"`;
  const child = spawn("/bin/sh", ["-c", bound, "sh", process.execPath, program, "serve", "--port", "0"], {
    env,
  });
  let text = "";
  const url = await new Promise<string>((resolve, reject) => {
    const look = (more: Buffer) => {
      text += more.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+\/mcp/.exec(text)?.[0];
      if (found) resolve(found);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.once("exit", (code) => reject(new Error(`The server ended with ${code}: ${text}`)));
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  };
  return { pid: child.pid ?? 0, url, stop };
}

/** Looks every 20 ms, and kills what it watches when that has passed the limit. */
function watchMemory(pid: number) {
  let peakBytes = 0;
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, familyBytes(pid));
    if (peakBytes <= limitBytes) return;
    console.log(`Killed at ${mebibytes(peakBytes)} MiB, over the limit of ${mebibytes(limitBytes)}.`);
    process.exitCode = 1;
    process.kill(pid, "SIGKILL");
    clearInterval(timer);
  }, 20);
  return { peakBytes: () => peakBytes, stop: () => clearInterval(timer) };
}

async function bytesBelow(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map((file) => stat(join(file.parentPath, file.name))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

function check(what: string, found: unknown, expected: number): void {
  if (Number(found) !== expected) throw new Error(`${what}: ${found} in place of ${expected}`);
  console.log(`${what}: ${found}, as it should be`);
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 ** 2);
}

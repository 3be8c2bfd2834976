import { readdir, readlink, truncate, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { afterEach, expect, it } from "vitest";
import { quickestMs } from "../../../test/harness/quickest.ts";
import { bucket, contents, type S3Folder, startS3Folder } from "../../../test/harness/s3-folder.ts";

let folder: S3Folder | undefined;

afterEach(() => folder?.close());

/** How often this process has the file open. */
async function openFiles(path: string): Promise<number> {
  const names = await readdir("/proc/self/fd");
  const targets = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => "")));
  return targets.filter((target) => target === path).length;
}

async function readBig(from: S3Folder): Promise<Uint8Array | undefined> {
  const { Body } = await from.client.send(new GetObjectCommand({ Bucket: bucket, Key: "big.bin" }));
  return Body?.transformToByteArray();
}

it("waits before the first byte and keeps to its rate, per connection", async () => {
  const from = await startS3Folder({ firstByteMs: 50, bytesPerSecondPerConnection: 10_000_000 });
  folder = from;
  const tookMs = await quickestMs(3, async () => {
    const startedMs = performance.now();
    const both = await Promise.all([readBig(from), readBig(from)]);
    const passedMs = performance.now() - startedMs;
    expect(both.map((bytes) => bytes?.length)).toEqual([3_000_001, 3_000_001]);
    expect(Buffer.compare(both[0] ?? Buffer.alloc(0), contents["big.bin"] ?? Buffer.alloc(0))).toBe(0);
    return passedMs;
  });
  // 3 MB at 10 MB/s, side by side: not less than 0.35 s, and not the 0.65 s that both take over one shared line.
  expect(tookMs).toBeGreaterThanOrEqual(345);
  expect(tookMs).toBeLessThan(640);
});

it("stops reading when the client goes, and serves the next one", async () => {
  folder = await startS3Folder({ bytesPerSecondPerConnection: 1_000_000 });
  const { url, path } = folder;
  const received = await new Promise<number>((resolve, reject) => {
    const request = get(`${url}/${bucket}/big.bin`, (response) => {
      response.once("data", (chunk: Buffer) => {
        request.destroy();
        resolve(chunk.length);
      });
    });
    request.on("error", reject);
  });
  // At 1 MB/s in pieces of 20 kB: it left with the first of them, and its file is closed long before the last.
  expect(received).toBeLessThan(1_000_000);
  if (process.platform === "linux")
    await expect.poll(() => openFiles(join(path, "big.bin")), { timeout: 2_500 }).toBe(0);
  const answer = await fetch(`${url}/${bucket}/a.txt`);
  expect(await answer.text()).toBe("one\n");
});

it("cuts the answer off when the file becomes shorter, and never gives a short one for whole", async () => {
  folder = await startS3Folder({ bytesPerSecondPerConnection: 1_000_000 });
  const path = join(folder.path, "shrinking.bin");
  await writeFile(path, Buffer.alloc(8_000_000));
  const answer = await fetch(`${folder.url}/${bucket}/shrinking.bin`);
  const reader = answer.body?.getReader();
  expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
  await truncate(path, 10_000);
  const readOn = async () => {
    while (!(await reader?.read())?.done);
  };
  await expect(readOn()).rejects.toThrow("terminated");
});

it("ends what is being sent when it closes", async () => {
  folder = await startS3Folder({ bytesPerSecondPerConnection: 1_000 });
  const answer = await fetch(`${folder.url}/${bucket}/big.bin`);
  const reading = answer.arrayBuffer();
  const closing = folder;
  folder = undefined;
  await Promise.all([expect(reading).rejects.toThrow("terminated"), closing.close()]);
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkCache, checkLocalRoots, mostDiskBytes } from "./disk.ts";
import { checkNode } from "./node-version.ts";
import { checkClock, endpointOf } from "./s3.ts";

test.each([
  ["v18.20.0", "failed"],
  ["v20.18.3", "failed"],
  ["v20.19.0", "warning"],
  ["v22.12.0", "ok"],
  ["v24.0.0", "ok"],
])("Node %s is %s", (version, status) => {
  expect(checkNode(version).status).toBe(status);
});

describe("the clock", () => {
  const server = createServer((_request, response) => {
    response.sendDate = false;
    response.setHeader("date", "Sat, 21 Nov 2026 09:00:00 GMT").writeHead(403).end();
  });
  let url = "";
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => server.close());

  test.each([
    ["09:00:00", "ok", "agrees"],
    ["09:00:30", "ok", "30 s ahead"],
    ["08:58:00", "warning", "120 s behind"],
    ["09:20:00", "failed", "1200 s ahead of S3's: S3 refuses every request"],
  ])("at %s of this machine is %s", async (time, status, says) => {
    const check = await checkClock(url, () => Date.parse(`2026-11-21T${time}Z`));
    expect(check.status).toBe(status);
    expect(check.message).toContain(says);
  });

  test("that cannot be compared says why", async () => {
    expect(await checkClock("http://127.0.0.1:1/", Date.now)).toMatchObject({
      status: "failed",
      message: expect.stringMatching(/ECONNREFUSED|bad port/),
    });
  });
});

test("S3 is looked for where requests will go", () => {
  const s3 = { forcePathStyle: false };
  expect(endpointOf({ ...s3, endpoint: "http://a" }, { AWS_ENDPOINT_URL: "http://b" }, "eu-west-1")).toBe(
    "http://a",
  );
  expect(endpointOf(s3, { AWS_ENDPOINT_URL: "http://b", AWS_ENDPOINT_URL_S3: "http://c" }, undefined)).toBe(
    "http://c",
  );
  expect(endpointOf(s3, {}, "eu-west-1")).toBe("https://s3.eu-west-1.amazonaws.com/");
  expect(endpointOf(s3, {}, "cn-north-1")).toBe("https://s3.cn-north-1.amazonaws.com.cn/");
  expect(endpointOf(s3, {}, undefined)).toBeUndefined();
});

test("all that may lie in the cache's folder at once is counted", () => {
  const cache = { maxBytes: 1_000 };
  const query = { workers: 3, tempBytes: 100, maxResultBytes: 10 };
  const exports = { buckets: [], maxBytes: 5 };
  expect(mostDiskBytes({ cache, query, exports })).toBe(1_000 + 3 * 100 + 100 + 4 * 10);
  const allowed = { ...exports, buckets: [{ bucket: "b", prefix: "" }] };
  expect(mostDiskBytes({ cache, query, exports: allowed })).toBe(1_440 + 3 * 5);
});

test("folders and the cache are tried, and what is short is said", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-doctor-"));
  await writeFile(join(folder, "file"), "");
  const roots = await checkLocalRoots([
    { name: "good", path: folder },
    { name: "gone", path: join(folder, "gone") },
  ]);
  expect(roots.map(({ status }) => status)).toEqual(["ok", "failed"]);
  expect(roots[1]?.message).toBe(`${join(folder, "gone")} does not exist`);
  expect((await checkCache(join(folder, "cache"), 1)).status).toBe("ok");
  expect((await checkCache(folder, 2 ** 52)).status).toBe("warning");
  expect((await checkCache(join(folder, "file"), 1)).status).toBe("failed");
  await rm(folder, { recursive: true });
});

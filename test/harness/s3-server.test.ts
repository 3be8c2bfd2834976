import { afterAll, beforeAll, expect, test } from "vitest";
import { type S3Server, startS3Server } from "./s3-server.ts";

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server(["data"]);
});
afterAll(() => server.stop());

test("what is put is served, with ranges and its ETag", async () => {
  const etag = await server.put("data", "a/b.csv", "id\n1\n");
  const response = await fetch(`${server.endpoint}/data/a/b.csv`, { headers: { range: "bytes=0-1" } });
  expect(response.status).toBe(206);
  expect(response.headers.get("etag")).toBe(etag);
  expect(await response.text()).toBe("id");
});

test("large objects go up in parts", async () => {
  const body = Buffer.alloc(25 * 1024 * 1024, "x");
  const etag = await server.put("data", "large", body);
  expect(etag).toMatch(/-3"$/);
  const response = await fetch(`${server.endpoint}/data/large`);
  expect((await response.arrayBuffer()).byteLength).toBe(body.length);
});

test("odd keys are stored as they are", async () => {
  await server.put("data", "../up", "up");
  const listing = await (await fetch(`${server.endpoint}/data?list-type=2&prefix=..`)).text();
  expect(listing).toContain("<Key>../up</Key>");
});

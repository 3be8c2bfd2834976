import { execFileSync } from "node:child_process";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bucket, type S3Folder, startS3Folder } from "../harness/s3-folder.ts";

const secret = "outside the bucket";
let folder: S3Folder;
let twin: string;

beforeAll(async () => {
  folder = await startS3Folder();
  twin = `${folder.path}-twin`;
  await mkdir(twin);
  await writeFile(join(twin, "secret.txt"), secret);
  await symlink(join(twin, "secret.txt"), join(folder.path, "link.txt"));
  await symlink(twin, join(folder.path, "linked"));
  await symlink(join(twin, "nothing"), join(folder.path, "dangling.txt"));
  if (process.platform !== "win32") execFileSync("mkfifo", [join(folder.path, "pipe.txt")]);
});

afterAll(async () => {
  await folder.close();
  await rm(twin, { recursive: true });
});

/** Sends the path to the socket as it is; URL parsers would fold it first. */
function ask(path: string, method = "GET"): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(folder.url);
    const request = httpRequest({ hostname, port, path, method }, (response) => {
      let text = "";
      response.setEncoding("latin1").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on("error", reject).end();
  });
}

const name = () => twin.slice(twin.lastIndexOf("/") + 1);

describe("a key cannot name what lies outside the bucket's folder", () => {
  it.each<[string, () => string]>([
    ["steps up", () => `../${name()}/secret.txt`],
    ["encoded steps up", () => `%2e%2e/${name()}/secret.txt`],
    ["encoded slashes", () => `..%2f${name()}%2fsecret.txt`],
    ["steps up from below", () => `dir/../../${name()}/secret.txt`],
    ["an absolute path", () => `${twin}/secret.txt`],
    ["an absolute path, encoded", () => encodeURIComponent(`${twin}/secret.txt`)],
    ["a link to a file", () => "link.txt"],
    ["a link on the way", () => "linked/secret.txt"],
    ["a dangling link", () => "dangling.txt"],
    ["a pipe", () => "pipe.txt"],
    ["a folder", () => "dir"],
    ["a trailing slash", () => "a.txt/"],
    ["an empty step", () => "dir//b.txt"],
    ["a step that stays", () => "dir/./b.txt"],
    ["a NUL", () => "a.txt%00"],
    ["a name longer than a file's can be", () => "x".repeat(1_024)],
    ["the folder's parent by the bucket's name", () => "%2e%2e"],
  ])("%s", async (_, key) => {
    const answer = await ask(`/${bucket}/${key()}`);
    expect(answer.status).toBe(404);
    expect(answer.text).toContain("<Code>NoSuchKey</Code>");
    expect(answer.text).not.toContain(secret);
  });

  it.each(["..", "%2e%2e", "sample%2f..%2f..", "%00", "__proto__", "constructor"])(
    "nor can bucket %s",
    async (other) => {
      const answer = await ask(`/${other}/etc/passwd`);
      expect(answer.status).toBe(404);
      expect(answer.text).toContain("<Code>NoSuchBucket</Code>");
    },
  );
});

it("lists neither links nor pipes, nor what a prefix with steps up would reach", async () => {
  const all = await folder.client.send(new ListObjectsV2Command({ Bucket: bucket }));
  expect(all.KeyCount).toBe(11);
  for (const Prefix of [`../${name()}/`, "linked/", "/", "dir/../", "./"]) {
    const { KeyCount } = await folder.client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix }));
    expect([Prefix, KeyCount]).toEqual([Prefix, 0]);
  }
});

it.each(["/%", "/sample/%c3%28", "/sample/%zz", "*"])(
  "refuses the target %s, which is no UTF-8 path",
  async (path) => {
    expect(await ask(path)).toMatchObject({
      status: 400,
      text: expect.stringContaining("<Code>InvalidURI</Code>"),
    });
  },
);

it("escapes what it repeats of the request", async () => {
  const { text } = await ask("/sample/%3Cscript%3E%26%01");
  expect(text).toContain("<Key>&lt;script&gt;&amp;&#x1;</Key>");
});

it.each([
  ["max-keys=-1"],
  ["max-keys=1e3"],
  ["max-keys=99999999999999999999"],
  ["list-type=3"],
  ["encoding-type=gzip"],
])("refuses the list argument %s", async (query) => {
  expect((await ask(`/${bucket}?${query}`)).status).toBe(400);
});

it.each(["PUT", "POST", "DELETE", "PATCH", "OPTIONS"])(
  "answers %s as not allowed, and changes nothing",
  async (method) => {
    expect((await ask(`/${bucket}/a.txt`, method)).status).toBe(405);
    expect((await ask(`/${bucket}/a.txt`)).text).toBe("one\n");
  },
);

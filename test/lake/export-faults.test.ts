import type { IncomingMessage } from "node:http";
import { afterEach, expect, test } from "vitest";
import { callTool } from "../../src/core/call.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import { allowWrites, unguarded } from "../../src/core/steps.ts";
import type { ExportSettings } from "../../src/lake/settings.ts";
import { createCallLog } from "../../src/telemetry/call-log.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { type Fault, type FaultProxy, startFaultProxy } from "../harness/fault-proxy.ts";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { type S3Server, s3Credentials, startS3Server } from "../harness/s3-server.ts";

let server: S3Server;
let proxy: FaultProxy;
let lake: TestLake;

afterEach(async () => {
  await lake.stop();
  await proxy.stop();
  await server.stop();
});

/** A lake whose requests to S3 meet what `plan` says. */
async function lakeWith(
  plan: (request: IncomingMessage) => Fault | undefined | Promise<Fault | undefined>,
  encryption: ExportSettings["encryption"] = { method: "bucket" },
): Promise<void> {
  server = await startS3Server(["lake"]);
  proxy = await startFaultProxy(server.endpoint, plan);
  const exports = {
    buckets: [{ bucket: "lake", prefix: "out/" }],
    expiresMs: 3_600_000,
    maxExpiresMs: 3_600_000,
    maxBytes: 1024 ** 3,
    encryption,
  };
  const s3 = {
    region: "eu-west-1",
    endpoint: proxy.endpoint,
    forcePathStyle: true,
    credentials: s3Credentials,
  };
  lake = await startTestLake({ settings: { exports, s3 }, allowWrites: true });
}

/** Some 20 MB as CSV: three parts. */
const threeParts = "SELECT i, md5(i::VARCHAR) AS a FROM range(600000) t(i)";
const isPart = ({ url = "" }: IncomingMessage) => url.includes("partNumber=");
const takenBack = () =>
  server.requests.filter(({ method, url }) => method === "DELETE" && url.includes("uploadId="));
const stored = async (key: string) =>
  (await fetch(`${server.endpoint}/lake/${key}`, { method: "HEAD" })).status;
const error = (code: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`;

test("an answer that was lost after the object was written is one effect, and a success", async () => {
  let lost = 0;
  await lakeWith(({ method }) =>
    method === "PUT" && lost++ === 0 ? { kind: "reset", afterBytes: 0 } : undefined,
  );
  const exported = await lake.output("lake_export_query", {
    sql: "SELECT 1 AS a",
    format: "csv",
    name: "one",
  });
  expect(exported).toMatchObject({ uri: "s3://lake/out/one.csv", rows: 1 });
  expect(exported.notes).toBeUndefined();
  expect(lost).toBeGreaterThan(0);
  expect(await (await fetch(exported.url)).text()).toBe("a\r\n1\r\n");
});

test("an upload whose parts fail takes back those that were sent, and leaves no object", async () => {
  await lakeWith((request) =>
    isPart(request) && request.url?.includes("partNumber=2")
      ? { kind: "answer", status: 500, body: error("InternalError") }
      : undefined,
  );
  const args = { sql: threeParts, format: "csv", name: "broken" };
  expect(await lake.fault("lake_export_query", args)).toMatchObject({ code: "unavailable" });
  expect(takenBack()).toHaveLength(1);
  expect(await stored("out/broken.csv")).toBe(404);
});

test("a caller who goes away while a file goes up leaves no parts and no object behind", async () => {
  const gone = new AbortController();
  await lakeWith((request) => {
    if (!isPart(request)) return undefined;
    setTimeout(() => gone.abort(), 50);
    return { kind: "hang", afterBytes: -1 };
  });
  const args = { sql: threeParts, format: "csv", name: "left" };
  const request = {
    name: "lake_export_query",
    arguments: args,
    principal: localPrincipal,
    signal: gone.signal,
  };
  expect(await callTool(lake.calls, request)).toMatchObject({ fault: { code: "timeout" } });
  await expect.poll(() => takenBack().length).toBe(1);
  expect(await stored("out/left.csv")).toBe(404);
});

test.each([
  [403, "AccessDenied", "denied", "s3:PutObject"],
  [501, "NotImplemented", "unsupported", "If-None-Match"],
  [412, "PreconditionFailed", "conflict", "exists already"],
  [409, "ConditionalRequestConflict", "conflict", "Call again"],
])("%i %s on the write is %s, in words of a write", async (status, name, code, says) => {
  await lakeWith(({ method }) =>
    method === "PUT" ? { kind: "answer", status, body: error(name) } : undefined,
  );
  const fault = await lake.fault("lake_export_query", { sql: "SELECT 1", name: "x" });
  expect(fault).toMatchObject({ code, message: expect.stringContaining(says) });
});

test("a bucket that does not say what it holds is written to all the same", async () => {
  await lakeWith(({ method, url = "" }) =>
    method === "HEAD" || (method === "GET" && url.includes("/out/"))
      ? { kind: "answer", status: 403, body: error("AccessDenied") }
      : undefined,
  );
  expect(await lake.output("lake_export_query", { sql: "SELECT 1", name: "blind" })).toMatchObject({
    rows: 1,
  });
  expect(await lake.fault("lake_export_query", { sql: "SELECT 1", name: "blind" })).toMatchObject({
    code: "conflict",
  });
});

test("encryption is asked of S3 as the settings say", async () => {
  await lakeWith(() => undefined, { method: "aws:kms", kmsKeyId: "alias/exports" });
  await lake.output("lake_export_query", { sql: "SELECT 1", name: "sealed" });
  const put = server.requests.find(({ method }) => method === "PUT");
  expect(put?.headers).toMatchObject({
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": "alias/exports",
    "if-none-match": "*",
  });
});

test("the link reaches the caller and no log", async () => {
  await lakeWith(() => undefined);
  const lines: string[] = [];
  const observer = createCallLog(createLog({ level: "trace", write: (line) => lines.push(line) }));
  const calls = { ...lake.calls, steps: { ...unguarded, confirmer: allowWrites, observer } };
  const request = { name: "lake_export_query", arguments: { sql: "SELECT 1" }, principal: localPrincipal };
  const result = await callTool(calls, request);
  expect(JSON.stringify(result)).toContain("X-Amz-Signature=");
  await expect.poll(() => lines.join()).toContain("lake_export_query");
  expect(lines.join()).not.toMatch(/X-Amz-Signature=(?!\[hidden)/);
});

import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as cloudwatchLogs from "@aws-sdk/client-cloudwatch-logs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { AwsFault, startAwsJsonServer } from "../../../test/harness/aws-json.ts";
import type { S3AnchorSettings } from "../../audit/settings.ts";
import { checkAudit } from "./audit.ts";
import { checkCloudwatch } from "./audit-sinks.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-doctor-audit-"));
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) vi.stubEnv(name, "test");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test("a log group is looked for by its whole name, and keeps events long enough", async () => {
  const groups: { logGroupName: string; retentionInDays?: number }[] = [];
  let isRefused = false;
  const server = await startAwsJsonServer({
    services: { Logs_20140328: { ...cloudwatchLogs } },
    disturb: () => (isRefused ? new AwsFault("AccessDeniedException", "no") : undefined),
    handle: async ({ input }) => ({
      logGroups: groups
        .filter(({ logGroupName }) => logGroupName.startsWith(input.logGroupNamePrefix))
        .slice(0, input.limit),
    }),
  });
  const settings = { logGroup: "/audit", region: "eu-west-1", endpoint: server.endpoint };
  const check = () => checkCloudwatch(settings, 365);
  groups.push({ logGroupName: "/audit-old" });
  expect(await check()).toMatchObject({
    status: "failed",
    message: "the log group /audit does not exist",
    mend: expect.stringContaining("aws logs create-log-group --log-group-name /audit"),
  });
  groups.unshift({ logGroupName: "/audit", retentionInDays: 30 });
  expect(await check()).toMatchObject({
    status: "failed",
    message: expect.stringContaining("keeps 30 days"),
  });
  groups[0] = { logGroupName: "/audit", retentionInDays: 90 };
  expect(await check()).toMatchObject({
    status: "warning",
    message: expect.stringContaining("keeps 90 days, fewer than"),
  });
  groups[0] = { logGroupName: "/audit" };
  expect(await check()).toMatchObject({ status: "ok" });
  isRefused = true;
  expect(await check()).toMatchObject({
    status: "warning",
    mend: expect.stringContaining("logs:DescribeLogGroups"),
  });
  await server.stop();
  expect(await check()).toMatchObject({ status: "failed" });
});

const locked =
  "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>";
const fault = (code: string) => `<Error><Code>${code}</Code><Message>as S3 says it</Message></Error>`;

test.each<[string, number, string, object]>([
  ["has it", 200, locked, { status: "ok", message: "s3://anchors/a/ has Object Lock" }],
  [
    "never had it",
    404,
    fault("ObjectLockConfigurationNotFoundError"),
    { status: "failed", message: "s3://anchors/a/ has no Object Lock" },
  ],
  [
    "is not there",
    404,
    fault("NoSuchBucket"),
    { status: "failed", mend: expect.stringContaining("audit.anchor") },
  ],
  [
    "is another's",
    403,
    fault("AccessDenied"),
    { status: "warning", mend: expect.stringContaining("s3:GetBucketObjectLockConfiguration") },
  ],
])("Object Lock is asked of an anchors' bucket that %s", async (_, status, body, expected) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(status, { "content-type": "application/xml" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const anchor: S3AnchorSettings = {
    kind: "s3",
    bucket: "anchors",
    prefix: "a/",
    lock: "COMPLIANCE",
    retentionDays: 365,
    region: "eu-west-1",
    endpoint,
    forcePathStyle: true,
  };
  const sinks = { postgresql: undefined, cloudwatch: undefined };
  const audit = { journalDir: folder, rotateBytes: 1, retentionDays: 365, ...sinks };
  const checks = await checkAudit({ ...audit, anchor }, undefined, sinks);
  expect(checks).toMatchObject([
    { name: "audit journal", status: "ok" },
    { name: "audit anchors", ...expected },
  ]);
  expect(asked.every((line) => /^GET \/anchors\/?\?object-lock/.test(line))).toBe(true);
  const unlocked = await checkAudit({ ...audit, anchor: { ...anchor, lock: "none" } }, undefined, sinks);
  expect(unlocked[1]).toMatchObject({
    status: "warning",
    message: expect.stringContaining("is not locked"),
  });
  server.closeAllConnections();
  server.close();
});

import { afterEach, beforeEach, expect, test } from "vitest";
import { type PolicyServer, principal, startPolicyServer } from "../harness/policy-server.ts";
import { startStsServer } from "../harness/sts-server.ts";

let sts: Awaited<ReturnType<typeof startStsServer>>;
let server: PolicyServer;

beforeEach(async () => {
  sts = await startStsServer(Date.now);
  process.env.AWS_ENDPOINT_URL_STS = sts.endpoint;
  server = await startPolicyServer(
    { tenants: { a: { roleArn: "arn:aws:iam::111111111111:role/a", buckets: ["lake/a/"] } } },
    { ann: principal("ann", { tenantId: "a" }) },
  );
});
afterEach(async () => {
  delete process.env.AWS_ENDPOINT_URL_STS;
  await server.stop();
  await sts.stop();
});

const list = () => server.call("ann", "lake_list_objects", { uri: "s3://lake/a/" });

const stateOf = (service: string) =>
  server.deps.breakers.reports().find((report) => report.service === service)?.state;

test("STS that answers 503 is asked five times, retries included 15, and then not at all; S3 is not blamed", async () => {
  sts.status = 503;
  for (let at = 0; at < 5; at++) expect(await list()).toMatchObject({ fault: { code: "unavailable" } });
  const askedBefore = sts.asked.length;
  expect(askedBefore).toBeLessThanOrEqual(15);
  for (let at = 0; at < 15; at++) {
    expect(await list()).toMatchObject({ fault: { code: "unavailable", details: { breaker: "open" } } });
  }
  expect(sts.asked.length).toBe(askedBefore);
  expect([stateOf("sts"), stateOf("s3")]).toEqual(["open", "closed"]);
}, 60_000);

test("a role that STS refuses never cuts it off, and works as soon as it is allowed", async () => {
  sts.status = 403;
  for (let at = 0; at < 8; at++) expect(await list()).toMatchObject({ fault: { code: "denied" } });
  expect(stateOf("sts")).toBe("closed");
  sts.status = 200;
  expect((await list()).kind).toBe("completed");
}, 60_000);

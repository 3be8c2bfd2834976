import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type PolicyServer, principal, startPolicyServer } from "../harness/policy-server.ts";
import { type S3Server, startS3Server } from "../harness/s3-server.ts";
import { startStsServer } from "../harness/sts-server.ts";

const shared = "arn:aws:iam::111111111111:role";
const tenants = {
  a: { roleArn: `${shared}/a`, buckets: ["lake/a/"] },
  b: { roleArn: "arn:aws:iam::222222222222:role/b", buckets: ["lake/b/"] },
  c: { roleArn: `${shared}/c`, buckets: ["lake/c/"] },
};
const people = {
  ann: principal("ann", { tenantId: "a" }),
  bob: principal("bob", { tenantId: "b" }),
  cem: principal("cem", { tenantId: "c" }),
};

let sts: Awaited<ReturnType<typeof startStsServer>>;
let s3: S3Server;
let throttling: Awaited<ReturnType<typeof startThrottling>>;
let server: PolicyServer;

beforeEach(async () => {
  sts = await startStsServer(Date.now);
  process.env.AWS_ENDPOINT_URL_STS = sts.endpoint;
  s3 = await startS3Server(["lake"]);
  for (const tenant of ["a", "b", "c"]) await s3.put("lake", `${tenant}/x.csv`, "id\n1\n");
  throttling = await startThrottling(s3.endpoint);
  const lake = { s3: { region: "eu-west-1", endpoint: throttling.endpoint, forcePathStyle: true } };
  server = await startPolicyServer({ lake, tenants }, people);
});
afterEach(async () => {
  delete process.env.AWS_ENDPOINT_URL_STS;
  await server.stop();
  await throttling.stop();
  await s3.stop();
  await sts.stop();
});

/** In front of S3: answers 503 to the sessions of the role `a`. */
async function startThrottling(endpoint: string) {
  const { hostname: host, port } = new URL(endpoint);
  const proxy = createServer((request, response) => {
    if (/Credential=ASIAA\d/.test(request.headers.authorization ?? "")) {
      response.writeHead(503, { "content-type": "application/xml" });
      response.end("<Error><Code>SlowDown</Code><Message>Slow down</Message></Error>");
      return;
    }
    const { method, url: path, headers } = request;
    const forward = httpRequest({ host, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(forward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const stop = () => new Promise((resolve) => proxy.close(resolve));
  return { endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, stop };
}

const list = (name: keyof typeof people) =>
  server.call(name, "lake_list_objects", { uri: `s3://lake/${people[name].tenantId}/` });

test("S3 that throttles one tenant's role is cut off for that role alone, not for others of its account", async () => {
  for (let at = 0; at < 5; at++) expect((await list("ann")).kind).toBe("failed");
  expect(await list("ann")).toMatchObject({
    kind: "failed",
    fault: {
      code: "unavailable",
      message: expect.not.stringContaining("111111111111"),
      details: { breaker: "open" },
    },
  });
  expect((await list("bob")).kind).toBe("completed");
  expect((await list("cem")).kind).toBe("completed");
  const s3Reports = server.deps.breakers.reports().filter(({ service }) => service === "s3");
  expect(s3Reports).toMatchObject([
    { account: "111111111111", role: tenants.a.roleArn, state: "open" },
    { account: "222222222222", role: tenants.b.roleArn, state: "closed" },
    { account: "111111111111", role: tenants.c.roleArn, state: "closed" },
  ]);
}, 60_000);

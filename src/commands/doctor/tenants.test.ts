import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type PolicyServer, principal, startPolicyServer } from "../../../test/harness/policy-server.ts";
import { s3Credentials } from "../../../test/harness/s3-server.ts";
import { startStsServer } from "../../../test/harness/sts-server.ts";
import { lakeSettings } from "../../assemble.ts";
import { createLake } from "../../lake/create-lake.ts";
import { createRoleCredentials } from "../../lake/stores/role-credentials.ts";
import { checkRegion } from "./s3.ts";
import { checkTenants } from "./tenants.ts";

let server: PolicyServer;
let sts: Awaited<ReturnType<typeof startStsServer>>;
const roleArn = "arn:aws:iam::123456789012:role/a";
beforeAll(async () => {
  sts = await startStsServer(Date.now);
  server = await startPolicyServer(
    {
      tenants: {
        a: { roleArn, externalId: "ext-a", sessionTags: { team: "x" }, buckets: ["lake/a/"] },
        b: { roleArn: "arn:aws:iam::123456789012:role/b", buckets: ["lake/b/", "other"] },
      },
    },
    { ann: principal("ann", { tenantId: "a" }) },
  );
  await server.s3.put("lake", "a/x.csv", "id\n1\n");
});
afterAll(async () => {
  await server.stop();
  await sts.stop();
});
beforeEach(() => {
  vi.stubEnv("AWS_ENDPOINT_URL_STS", sts.endpoint);
  sts.asked.length = 0;
});
afterEach(() => {
  sts.status = 200;
  vi.unstubAllEnvs();
});

const settings = () => lakeSettings(server.deps.settings, s3Credentials);
const check = () => checkTenants(server.deps.lake, settings());

test("every role is assumed with its tags and external id, and lists its buckets", async () => {
  expect(await check()).toMatchObject([
    { name: "tenant a", status: "ok" },
    {
      name: "tenant b",
      status: "warning",
      message: expect.stringMatching(/s3:\/\/lake\/b\/, s3:\/\/other\/ is empty$/),
    },
  ]);
  const asked = sts.asked.map((form) => Object.fromEntries(form));
  expect(asked.filter(({ RoleArn }) => RoleArn === roleArn)[0]).toMatchObject({ ExternalId: "ext-a" });
  expect(Object.values(asked[0] ?? {})).toEqual(expect.arrayContaining(["tenant", "team", "x"]));
});

test("a refused role says what its trust policy must allow, in STS's own words", async () => {
  sts.status = 403;
  const [a, b] = await check();
  expect(a).toMatchObject({
    status: "failed",
    message: expect.stringContaining("cannot be assumed: arn:aws:iam::1:role/hush"),
    mend: expect.stringMatching(/sts:AssumeRole and sts:TagSession .*external id that is set \(ext-a\)/),
  });
  expect(b?.mend).toContain("if it asks for an external id, set that as externalId");
});

test("STS that gives no answer is no refusal", async () => {
  vi.stubEnv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1");
  expect((await check())[0]).toMatchObject({
    status: "failed",
    mend: expect.stringContaining("AWS_ENDPOINT_URL_STS"),
  });
});

test("without a region STS is not asked in one that nobody chose, custom endpoint or not", async () => {
  for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"]) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent");
  const given = {
    tenantId: "a",
    roleArn,
    externalId: undefined,
    sessionTags: {},
    s3: { region: undefined, credentials: s3Credentials },
  };
  const fault = await createRoleCredentials(given, { now: Date.now })
    .provide()
    .catch((thrown: unknown) => thrown);
  expect(fault).toMatchObject({ code: "invalid_input", message: expect.stringContaining("Set AWS_REGION") });
  const noRegion = { ...settings(), s3: { ...settings().s3, region: undefined } };
  const lake = createLake(noRegion, {});
  expect((await checkTenants(lake, noRegion))[0]).toMatchObject({
    status: "failed",
    mend: "Set AWS_REGION or lake.s3.region.",
  });
  const read = lake
    .ofTenant("a")
    .stores.list(
      { location: { kind: "s3", bucket: "lake", key: "a/" }, maxKeys: 1 },
      AbortSignal.timeout(5_000),
    );
  await expect(read).rejects.toMatchObject({
    code: "invalid_input",
    message: expect.stringContaining("Set AWS_REGION"),
  });
  await lake.close();
  expect(sts.asked).toEqual([]);
  const { endpoint, forcePathStyle } = server.deps.settings.lake.s3;
  const s3 = { endpoint, forcePathStyle };
  expect((await checkRegion(s3, {}, true)).check.status).toBe("failed");
  expect((await checkRegion(s3, {}, false)).check).toMatchObject({
    status: "ok",
    message: expect.stringContaining("needs none"),
  });
});

import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CliResult } from "../harness/cli.ts";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";

let user: CliHome;
beforeAll(async () => {
  user = await createCliHome();
});
afterAll(() => user.remove());

describe("doctor", () => {
  const checksOf = ({
    stdout,
  }: CliResult): Record<string, { status: string; message: string; mend?: string }> =>
    Object.fromEntries(JSON.parse(stdout).checks.map((check: { name: string }) => [check.name, check]));

  test("finds nothing wrong where nothing is", async () => {
    const { code, stdout } = await user.sluice(["doctor", "--lake.localRoots", `here=${user.cwd}`]);
    expect(stdout).toContain("✓ query worker: answered in");
    expect(stdout).toContain("✓ folder here:");
    expect(code).toBe(0);
  });

  test("warns of a key in the settings file, as a server does that starts, and shows it nowhere", async () => {
    const key = "the-key-itself-0123456789";
    const config = join(user.cwd, "plain-key.yaml");
    await writeFile(config, `auth: { apiKey: ${key} }\n`);
    const { code, stdout } = await user.sluice(["doctor", "--config", config]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^! settings: auth\.apiKey \(.*plain-key\.yaml\) .*a reference to it.*sha256:/m);
    const server = user.start(["serve", "--port", "0", "--config", config]);
    const [line] = await server.waitFor(/^.*"exposed".*$/m);
    expect(line).toMatch(/auth\.apiKey .*a reference to it.*sha256:…/);
    await server.waitFor(/serves MCP on/);
    expect(stdout + line).not.toContain(key);
  });

  test("says how to mend what is missing", async () => {
    const result = await user.sluice(
      ["doctor", "--json", "--lake.localRoots", "gone", "--lake.buckets", "some-bucket"],
      {
        env: { AWS_DEFAULT_REGION: "eu-west-1" },
      },
    );
    expect(result.code).toBe(1);
    const checks = checksOf(result);
    expect(checks["folder gone"]).toMatchObject({
      status: "failed",
      mend: expect.stringContaining("lake.localRoots"),
    });
    expect(checks.region).toMatchObject({
      status: "failed",
      message: expect.stringContaining("AWS_DEFAULT_REGION is set"),
    });
    expect(checks.credentials).toMatchObject({
      status: "failed",
      mend: expect.stringContaining("AWS_PROFILE"),
    });
    expect(checks["s3://some-bucket/"]).toMatchObject({ status: "failed" });
  });

  test("names an expired SSO session and the command that renews it", async () => {
    const aws = join(user.home, "aws");
    const start = "https://example.awsapps.com/start";
    await mkdir(join(user.home, ".aws/sso/cache"), { recursive: true });
    await mkdir(aws, { recursive: true });
    await writeFile(
      join(aws, "config"),
      `[profile dev]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Reader\nregion = eu-west-1\n\n[sso-session corp]\nsso_start_url = ${start}\nsso_region = eu-west-1\n`,
    );
    const token = {
      startUrl: start,
      region: "eu-west-1",
      accessToken: "t0p-secret",
      expiresAt: "2020-01-01T00:00:00Z",
    };
    const name = createHash("sha1").update("corp").digest("hex");
    await writeFile(join(user.home, ".aws/sso/cache", `${name}.json`), JSON.stringify(token));
    const result = await user.sluice(
      ["doctor", "--json", "--lake.buckets", "some-bucket", "--lake.s3.endpoint", "http://127.0.0.1:9"],
      {
        env: { AWS_CONFIG_FILE: join(aws, "config"), AWS_PROFILE: "dev" },
      },
    );
    expect(checksOf(result)).toMatchObject({
      region: { status: "ok", message: expect.stringContaining("eu-west-1") },
      credentials: {
        status: "failed",
        message: "the SSO session of profile dev has expired",
        mend: expect.stringContaining("aws sso login --profile dev"),
      },
      clock: { status: "failed", message: expect.stringContaining("http://127.0.0.1:9") },
    });
    expect(result.stdout + result.stderr).not.toContain("t0p-secret");
  });

  test("says where writes would leave no record", async () => {
    const doctor = ["doctor", "--json", "--lake.localRoots", `here=${user.cwd}`];
    const { audit } = checksOf(await user.sluice([...doctor, "--writes", "confirm"]));
    expect(audit).toMatchObject({
      status: "warning",
      message: expect.stringContaining("writes is confirm, and no call is recorded"),
      mend: expect.stringContaining("audit.journalDir"),
    });
    expect(checksOf(await user.sluice(doctor))).not.toHaveProperty("audit");
  });

  test("checks the settings first", async () => {
    const result = await user.sluice(["doctor", "--json"], { env: { SLUICE_LOG_LEVEL: "loud" } });
    expect(result.code).toBe(1);
    expect(checksOf(result).settings).toMatchObject({
      status: "failed",
      message: expect.stringContaining("SLUICE_LOG_LEVEL"),
    });
  });
});

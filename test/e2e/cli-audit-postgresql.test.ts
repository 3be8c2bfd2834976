import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";
import { type Postgres, startPostgres } from "../harness/postgres.ts";

let user: CliHome;
let postgres: Postgres;
beforeAll(async () => {
  [user, postgres] = await Promise.all([createCliHome(), startPostgres()]);
  await writeFile(join(user.cwd, "url"), `${postgres.writerUrl}\n`);
  const url = `secret://file${user.cwd}/url`;
  await writeFile(
    join(user.cwd, "sluice.yaml"),
    `audit: { journalDir: journal, sinks: [postgresql], postgresql: { url: "${url}" } }\n`,
  );
});
afterAll(async () => {
  await Promise.all([user.remove(), postgres.remove()]);
});

test("the built program sets up its schema, relays to it, and shows no password", async () => {
  const before = await user.sluice(["doctor"]);
  expect(before.stdout).toMatch(/✗ audit sink postgresql: sluice_audit\.records does not exist/);
  const env = { SLUICE_AUDIT_POSTGRESQL_OWNER_URL: postgres.ownerUrl };
  const migrated = await user.sluice(["audit", "migrate", "--json"], { env });
  expect(migrated).toMatchObject({ code: 0, stderr: expect.stringContaining("sluice_writer may insert") });
  expect(JSON.parse(migrated.stdout)).toEqual({
    schema: "sluice_audit",
    writer: "sluice_writer",
    applied: [1],
  });
  expect((await user.sluice(["doctor"])).stdout).toContain("✓ audit sink postgresql");

  expect(await user.sluice(["call", "lake_list_sources"])).toMatchObject({ code: 0, stderr: "" });
  const rows = await postgres.query("SELECT kind FROM sluice_audit.records ORDER BY chain, sequence");
  expect(rows.map(({ kind }) => kind)).toEqual(["opened", "outcome", "closed"]);

  const { stdout } = await user.sluice(["config"], { env });
  expect(stdout).toMatch(/audit\.postgresql\.url +\(hidden\)/);
  expect(stdout).not.toContain("-pw@");
});

import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadSettings, settingsProblems } from "../../test/harness/load-settings.ts";

const host = "--lake.databricks.host=https://dbc-1.cloud.databricks.com/";

test("a workspace with a token and what may be read", async () => {
  const { settings } = await loadSettings(
    host,
    "--lake.databricks.token=dapi1",
    "--lake.databricks.allow=Main.Sales,main.`my-schema`.t",
  );
  expect(settings.lake.databricks).toMatchObject({
    host: "https://dbc-1.cloud.databricks.com",
    token: "dapi1",
    allow: [
      ["main", "sales"],
      ["main", "my-schema", "t"],
    ],
  });
});

test("* allows every catalog, and is written as it was given", async () => {
  const { settings, effective } = await loadSettings(
    host,
    "--lake.databricks.token=dapi1",
    "--lake.databricks.allow=*",
  );
  expect(settings.lake.databricks.allow).toEqual([[]]);
  expect(effective.find(({ path }) => path === "lake.databricks.allow")?.value).toEqual(["*"]);
  const problems = await settingsProblems(
    host,
    "--lake.databricks.token=x",
    "--lake.databricks.allow=main.*",
  );
  expect(problems.join("\n")).toContain("is not *, catalog");
});

test("a token is never shown, written out or fetched", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "sluice-secret-")), "token");
  await writeFile(file, "dapi-from-file\n");
  for (const token of ["dapi-plain", `secret://file${file}`]) {
    const { settings, effective } = await loadSettings(
      host,
      `--lake.databricks.token=${token}`,
      "--lake.databricks.allow=main",
    );
    expect(settings.lake.databricks.token).toMatch(/^dapi-(plain|from-file)$/);
    expect(JSON.stringify(effective)).not.toContain("dapi-");
    expect(effective.find(({ path }) => path === "lake.databricks.token")?.value).toBe("(hidden)");
  }
  const [problem] = await settingsProblems(
    host,
    "--lake.databricks.token=bad token",
    "--lake.databricks.allow=main",
  );
  expect(problem).toContain("the secret does not fit this setting");
  expect(problem).not.toContain("bad token");
});

test.each([
  [["--lake.databricks.host=http://dbc-1.example.com"], "must start with https://"],
  [["--lake.databricks.host=https://dbc-1.example.com/path"], "nothing behind it"],
  [["--lake.databricks.host=https://u:p@dbc-1.example.com"], "must not hold credentials"],
  [[host, "--lake.databricks.allow=main"], "lake.databricks.token: is missing"],
  [
    [host, "--lake.databricks.allow=main", "--lake.databricks.clientId=x"],
    "lake.databricks.token: is missing",
  ],
  [[host, "--lake.databricks.token=x"], "lake.databricks.allow: is empty"],
  [["--lake.databricks.allow=main"], "lake.databricks.host: is missing"],
  [["--lake.databricks.allow=a.b.c.d"], "is not *, catalog, catalog.schema or catalog.schema.table"],
  [["--lake.databricks.warehouseId=../x"], "letters, digits"],
  [["--lake.databricks.maxResultBytes=30MB"], "24MB at most"],
])("%j is told to be wrong", async (argv, words) => {
  expect((await settingsProblems(...argv)).join("\n")).toContain(words);
});

test("loopback may be spoken to without TLS", async () => {
  const { settings } = await loadSettings(
    "--lake.databricks.host=http://127.0.0.1:9",
    "--lake.databricks.token=x",
    "--lake.databricks.allow=main",
  );
  expect(settings.lake.databricks.host).toBe("http://127.0.0.1:9");
});

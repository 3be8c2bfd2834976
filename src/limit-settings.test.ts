import { expect, test } from "vitest";
import { loadSettings, settingsProblems } from "../test/harness/load-settings.ts";
import { limitsOfSome } from "./limit-settings.ts";
import { lakeToolset } from "./toolsets/lake/index.ts";

test("limits are ten a second, five at once, a thousand a day, a hundred together", async () => {
  const { settings } = await loadSettings();
  expect(settings.limits).toMatchObject({ ratePerSecond: 10, burst: 5, perDay: 1_000, concurrency: 100 });
  expect(settings.state.store).toBe("memory");
});

test("a rate may be a fraction, and either bound may be none", async () => {
  const { settings } = await loadSettings("--limits.ratePerSecond=0.25", "--limits.perDay=unlimited");
  expect(settings.limits).toMatchObject({ ratePerSecond: 0.25, perDay: "unlimited" });
});

test.each([
  ["--limits.ratePerSecond=0", "not above 0"],
  ["--limits.ratePerSecond=-1", "not above 0"],
  ["--limits.ratePerSecond=0.0001", "less than 0.001"],
  ["--limits.ratePerSecond=NaN", "neither a number nor unlimited"],
  ["--limits.ratePerSecond=1e9", "neither a number nor unlimited"],
  ["--limits.perDay=0", "tools.deny"],
  ["--limits.perDay=1.5", "not a whole number"],
  ["--limits.perDay=99999999999", "write unlimited"],
  ["--limits.burst=0", ">=1"],
  ["--limits.concurrency=0", ">=1"],
  ["--limits.queue=-1", ">=0"],
  ["--limits.burts=5", "did you mean limits.burst"],
  ["--limits.overrides=[{}]", "neither a tool nor a tenant"],
  ['--limits.overrides=[{"tool":"lake_query"}]', "sets no bound"],
  ['--limits.overrides=[{"tool":"lake_query","burst":3}]', "no ratePerSecond"],
  ['--limits.overrides=[{"tool":"a","perDay":1},{"tool":"a","perDay":2}]', "same tool and tenant"],
  ['--limits.overrides=[{"tool":"a","perDy":1}]', "perDy"],
  ["--limits.tenantTotals=[{}]", "sets no bound"],
  ['--limits.tenantTotals=[{"ratePerSecond":5}]', "no burst"],
  ['--limits.tenantTotals=[{"burst":5,"perDay":5}]', "no ratePerSecond"],
  ['--limits.tenantTotals=[{"perDay":5},{"perDay":6}]', "same tool and tenant"],
  ['--limits.tenantTotals=[{"tool":"lake_query","perDay":5}]', "tool"],
  ["--state.store=redis", "state.redis.url"],
  ["--state.store=dynamodb", "state.dynamodb.table"],
  ["--state.redis.url=redis://host", "of no use"],
  ["--state.redis.url=http://host", "not a URL such as redis://"],
  ["--state.redis.url=redis://:secret@host", "must not hold credentials"],
])("%s is refused: %s", async (flag, says) => {
  expect((await settingsProblems(flag)).join("\n")).toContain(says);
});

test("the password of Redis is never shown", async () => {
  const { effective } = await loadSettings(
    "--state.store=redis",
    "--state.redis.url=redis://h",
    "--state.redis.password=hush",
  );
  expect(JSON.stringify(effective)).not.toContain("hush");
});

test("overrides name tools that exist, by any of their names, and tenants where those are known", async () => {
  const overridesOf = async (json: string, ...flags: string[]) => {
    const { settings } = await loadSettings(`--limits.overrides=${json}`, ...flags);
    return limitsOfSome([lakeToolset], settings).overrides;
  };
  expect(await overridesOf('[{"tool":"query_csv_data","tenant":"acme","perDay":5}]')).toEqual([
    { tool: "lake_query", tenantId: "acme", perDay: 5 },
  ]);
  await expect(overridesOf('[{"tool":"lake_qery","perDay":5}]')).rejects.toThrow(
    'did you mean "lake_query"?',
  );
  await expect(
    overridesOf('[{"tool":"lake_query","perDay":1},{"tool":"query_csv_data","perDay":9}]'),
  ).rejects.toThrow("two are about one tool and tenant");
  const tenants = '{"acme":{"roleArn":"arn:aws:iam::123456789012:role/a","buckets":["lake"]}}';
  await expect(overridesOf('[{"tenant":"acem","perDay":5}]', `--tenants=${tenants}`)).rejects.toThrow(
    'limits.overrides: there is no tenant "acem": did you mean "acme"?',
  );
});

test("totals name tenants where those are known", async () => {
  const tenants = '{"acme":{"roleArn":"arn:aws:iam::123456789012:role/a","buckets":["lake"]}}';
  const totalsOf = async (json: string) => {
    const { settings } = await loadSettings(`--limits.tenantTotals=${json}`, `--tenants=${tenants}`);
    return limitsOfSome([lakeToolset], settings).tenantTotals;
  };
  expect(await totalsOf('[{"tenant":"acme","perDay":5},{"ratePerSecond":2,"burst":9}]')).toEqual([
    { tenantId: "acme", perDay: 5 },
    { ratePerSecond: 2, burst: 9 },
  ]);
  await expect(totalsOf('[{"tenant":"acem","perDay":5}]')).rejects.toThrow(
    'limits.tenantTotals: there is no tenant "acem": did you mean "acme"?',
  );
});

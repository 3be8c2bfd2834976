import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { recordingTerminal } from "../../test/harness/terminal.ts";
import { commands } from "./all.ts";
import { runCommandLine } from "./frame/command-line.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-policy-command-"));
  await writeFile(
    join(folder, "sluice.yaml"),
    `lake: { buckets: [sales, people], localRoots: ["data=${folder}"] }
rbac:
  roles:
    analyst: { allow: [lake_*], deny: [lake_export_query], resources: { buckets: [sales/2026/], localRoots: [data] } }
    exporter: { allow: [lake_export_query] }
    writer: { allow: [lake_export_query], effects: [write] }
    steward: { allow: ["*"] }
  bindings:
    - { principals: [ann, local], roles: [analyst] }
    - { scopes: [lake.export], roles: [exporter] }
    - { claims: [stewards], tenants: [acme], roles: [steward] }
`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

async function sluice(...argv: string[]) {
  const terminal = recordingTerminal({ cwd: folder, home: folder });
  const code = await runCommandLine(argv, { commands, version: "1.2.3", terminal });
  return { code, out: terminal.outLines.join("\n"), err: terminal.errLines.join("\n") };
}

describe("sluice policy explain", () => {
  test.each<[string, number, RegExp]>([
    [
      "ann lake_query",
      0,
      /^allowed: a role has lake_query with its effect, read\n {2}role analyst: rbac\.roles\.analyst\.allow has lake_\*\n {2}has the role analyst by rbac\.bindings item 1: the principal's id$/,
    ],
    ["ann query_csv_data", 0, /^allowed/],
    [
      "ann lake_query --resource s3://sales/2026/x.csv",
      0,
      /inside what the role analyst reaches \(rbac\.roles\.analyst\.resources\.buckets\)$/,
    ],
    ["ann lake_query --resource s3://sales/2026/*.csv", 0, /^allowed/],
    [
      "ann lake_query --resource s3://sales/20260/x.csv",
      1,
      /^denied: the resource is outside\n[\s\S]*outside what the roles that allow the tool reach \(rbac\.roles\.analyst\.resources\.buckets\)$/,
    ],
    ["ann lake_query --resource s3://people/x.csv", 1, /^denied/],
    ["ann lake_query --bucket sales/2026/", 0, /s3:\/\/sales\/2026\/: inside what the role analyst reaches/],
    ["ann lake_query --bucket people", 1, /^denied/],
    [
      "ann lake_query --resource s3://elsewhere/x.csv",
      1,
      /outside what the server may read \(lake\.buckets\)$/,
    ],
    ["ann lake_query --resource /etc/passwd", 1, /outside what the server may read \(lake\.localRoots\)$/],
    [
      "ann lake_query --resource athena://a.b",
      1,
      /outside what the server may read \(lake\.athena\.tables\)$/,
    ],
    [
      "ann lake_export_query",
      1,
      /^denied: a deny wins over every allow\n {2}role analyst: rbac\.roles\.analyst\.deny has lake_export_query/,
    ],
    ["ann lake_export_query --scope lake.export,other", 1, /^denied: a deny wins/],
    [
      "bob lake_export_query --scope lake.export",
      1,
      /^denied: no role that allows lake_export_query by name allows its effect, write\n {2}role exporter: rbac\.roles\.exporter\.allow has lake_export_query\n {2}role exporter: rbac\.roles\.exporter\.effects has read\n/,
    ],
    ["bob lake_query --scope lake.export", 1, /^denied: no role of this principal allows lake_query/],
    ["bob lake_query", 1, /^denied: no rule gives this principal a role$/],
    ["bob lake_query --role stewards", 1, /^denied/],
    [
      "bob lake_query --role stewards --tenant acme --resource s3://people/x",
      0,
      /the role steward has no resources and reaches all the server may/,
    ],
    ["Ann lake_query", 1, /^denied/],
  ])("%s", async (words, code, out) => {
    const answer = await sluice("policy", "explain", ...words.split(" "));
    expect(answer).toMatchObject({ code, out: expect.stringMatching(out) });
  });

  test.each<[string, number, RegExp]>([
    [
      "bob lake_query --role stewards --tenant acme --resource s3://sales/acme/x",
      0,
      /all the tenant may \(tenants\.acme\.buckets\)$/,
    ],
    [
      "bob lake_query --role stewards --tenant acme --resource s3://sales/2026/x",
      1,
      /^denied: the resource is outside\n[\s\S]*outside what the tenant may read \(tenants\.acme\.buckets\)$/,
    ],
    ["ann lake_query", 1, /^denied: there is no tenant "default" \(setting tenants\)\n/],
  ])("with tenants, %s", async (words, code, out) => {
    const tenants = { acme: { roleArn: "arn:aws:iam::123456789012:role/a", buckets: ["sales/acme/"] } };
    const flags = ["--tenants", JSON.stringify(tenants)];
    const answer = await sluice("policy", "explain", ...words.split(" "), ...flags);
    expect(answer).toMatchObject({ code, out: expect.stringMatching(out) });
  });

  test("says it to programs", async () => {
    const { code, out } = await sluice(
      "policy",
      "explain",
      "ann",
      "lake_query",
      "--resource",
      "s3://people/x",
      "--json",
    );
    expect([code, JSON.parse(out)]).toEqual([
      1,
      {
        tool: "lake_query",
        effect: "read",
        allowed: false,
        why: "the resource is outside",
        held: [{ role: "analyst", rule: "rbac.bindings item 1", by: "the principal's id" }],
        rules: [{ role: "analyst", setting: "rbac.roles.analyst.allow", value: "lake_*" }],
        resource: {
          uri: "s3://people/x",
          allowed: false,
          why: "outside what the roles that allow the tool reach",
          setting: "rbac.roles.analyst.resources.buckets",
        },
        caller: {
          tenant: { value: "default", from: "assumed" },
          roles: { value: [], from: "assumed" },
          scopes: { value: [], from: "assumed" },
          hints: [expect.stringContaining('Nobody can have the id "ann"')],
        },
      },
    ]);
  });

  test.each<[string, RegExp]>([
    ["explain ann lake_qery", /"lake_qery" is not a tool offered here: did you mean "lake_query"\?/],
    ["explan ann lake_query", /"sluice policy explan" is not known: write explain/],
    ["explain ann", /wants <what> <principal> <tool>/],
    ["explain ann lake_query --rol x", /did you mean --role\?/],
    [
      "explain ann lake_query --region eu-west-1",
      /lake_query reads the lake alone: say what with --resource/,
    ],
    ["explain ann lake_query --resource x.csv", /--resource: "x\.csv" is not a name of an object or file/],
    [
      "explain ann lake_query --rbac.default analist",
      /rbac\.default: there is no role "analist": did you mean "analyst"\?/,
    ],
  ])("%s is wrong usage", async (words, err) => {
    expect(await sluice("policy", ...words.split(" "))).toEqual({
      code: 2,
      out: "",
      err: expect.stringMatching(err),
    });
  });

  describe("of callers the settings know", () => {
    const account = "123456789012";
    const session = `iam:arn:aws:sts::${account}:assumed-role/etl/run-1`;
    const steward = { tenant: "acme", roles: ["stewards"] };
    const keys = [`sha256:${"0".repeat(64)}`];
    const auth = {
      modes: ["api_key", "mtls", "iam"],
      apiKeys: [
        { id: "other", keys },
        { id: "reports", ...steward, scopes: ["lake.read"], keys: [`sha256:${"1".repeat(64)}`] },
      ],
      mtls: {
        caFile: "ca.pem",
        clients: [
          { id: "batch", certificate: "DNS:batch", ...steward },
          { id: "twice", certificate: "DNS:a", ...steward },
          { id: "twice", certificate: "DNS:b" },
        ],
        forwarded: { header: "client-cert", proxies: ["10.0.0.1"] },
      },
      iam: {
        clients: [
          { arn: `arn:aws:iam::${account}:root` },
          { arn: `arn:aws:iam::${account}:role/jobs/etl`, ...steward },
        ],
      },
    };
    const asked = async (words: string) => {
      const config = join(folder, "callers.yaml");
      const { rbac, lake } = parse(await readFile(join(folder, "sluice.yaml"), "utf8"));
      await writeFile(config, JSON.stringify({ rbac, lake, auth }));
      return sluice("policy", "explain", ...words.split(" "), "--config", config);
    };

    test.each<[string, number, string]>([
      [
        "key:reports lake_query",
        0,
        "Asked for tenant acme (auth.apiKeys item 2), roles stewards (auth.apiKeys item 2), scopes lake.read (auth.apiKeys item 2).",
      ],
      ["key:reports lake_query --tenant other", 1, "tenant other (--tenant), roles stewards (auth.apiKeys"],
      [
        "key:reports lake_query --role analysts",
        1,
        "tenant acme (auth.apiKeys item 2), roles analysts (--role)",
      ],
      ["key:other lake_query", 1, "tenant default (auth.apiKeys item 1), roles none (auth.apiKeys item 1)"],
      ["key:Reports lake_query", 1, 'auth.apiKeys has no id "Reports": did you mean "reports"?'],
      ["key:default lake_query", 1, 'auth.apiKeys has no id "default"'],
      ["mtls:batch lake_query", 0, "roles stewards (auth.mtls.clients item 1)"],
      ["mtls:twice lake_query", 0, "(auth.mtls.clients item 2, the first of 2 with this id)"],
      ["mtls:reports lake_query", 1, 'auth.mtls.clients has no id "reports"'],
      [`${session} lake_query`, 0, "roles stewards (auth.iam.clients item 2)"],
      [`${session}#eu-west-1:a lake_query`, 0, "roles stewards (auth.iam.clients item 2)"],
      [`iam:arn:aws:iam::${account}:user/ann lake_query`, 1, "roles none (auth.iam.clients item 1)"],
      [`iam:arn:aws:iam::${account}:role/etl lake_query`, 1, "assumed-role/<role>/<session>"],
      ["iam:arn:aws:iam::999999999999:root lake_query", 1, "auth.iam.clients has nobody for this ARN"],
      ["jwt:reports lake_query", 1, "roles none (assumed), scopes none (assumed).\nNobody has this id now"],
      ["reports lake_query", 1, 'Nobody can have the id "reports": ids begin with key:, jwt:'],
      ["local lake_query", 0, "tenant default (as every local caller)"],
    ])("%s", async (words, code, err) => {
      expect(await asked(words)).toMatchObject({ code, err: expect.stringContaining(err) });
    });
  });

  test("names the policy's own file, and one that cannot be used is wrong usage", async () => {
    const file = join(folder, "policy.yaml");
    const config = join(folder, "with-file.yaml");
    await writeFile(config, `rbac: { file: policy.yaml }\n`);
    await writeFile(file, "roles: { a: { allow: ['*'] } }\ndefault: [a]\n");
    const explained = () => sluice("policy", "explain", "x", "lake_query", "--config", config);
    expect((await explained()).out).toContain(`role a: roles.a.allow of ${file} has *`);
    await writeFile(file, "roles: { a: { allow: [lake_qery] } }\n");
    expect(await explained()).toMatchObject({
      code: 2,
      err: expect.stringContaining(`${file}: roles.a.allow: "lake_qery"`),
    });
    await rm(file);
    expect(await explained()).toMatchObject({ code: 2, err: expect.stringContaining("ENOENT") });
  });

  test("without a policy everybody may call everything", async () => {
    const config = join(folder, "open.yaml");
    await writeFile(config, "log: { level: warn }\n");
    expect((await sluice("policy", "explain", "x", "lake_query", "--config", config)).out).toMatch(
      /^allowed: no policy is set/,
    );
  });

  test("has help with examples", async () => {
    expect((await sluice("policy", "--help")).out).toContain(
      "sluice policy explain jwt:ann lake_query --role analysts",
    );
  });
});

test.each<[string[], string[]]>([
  [[], ["explain"]],
  [["explain"], ["local", "ann"]],
  [["explain", "ann"], ["lake_list_sources"]],
  [
    ["explain", "ann", "lake_query", "--role"],
    ["stewards", "analyst", "exporter", "writer", "steward"],
  ],
  [["explain", "ann", "lake_query", "--scope"], ["lake.export"]],
  [["explain", "ann", "lake_query", "--tenant"], ["acme"]],
])("the shell proposes after policy %j", async (before, proposed) => {
  const { out } = await sluice("completion", "words", "--", "policy", ...before, "");
  expect(out.split("\n").slice(0, proposed.length)).toEqual(proposed);
});

test("sluice tools marks the tools that change things while the server changes nothing", async () => {
  const off = await sluice("tools");
  expect(off.out).toMatch(/^lake_export_query +lake +write \(off\) /m);
  expect(off.err).toMatch(/^8 tools, [^\n]+\nThose marked \(off\) are not listed/);
  const on = await sluice("tools", "--writes", "confirm");
  expect(on.out).toMatch(/^lake_export_query +lake +write +\d/m);
  expect(on.err).toMatch(/^9 tools, [^\n]+$/);
  const rows: { name: string; listed: boolean }[] = JSON.parse((await sluice("tools", "--json")).out);
  expect(rows.filter(({ listed }) => !listed).map(({ name }) => name)).toEqual(["lake_export_query"]);
});

test("sluice tools --role shows what a role sees", async () => {
  const names = async (role: string) =>
    JSON.parse((await sluice("tools", "--role", role, "--json")).out).map(
      ({ name }: { name: string }) => name,
    );
  expect(await names("exporter")).toEqual([]);
  expect(await names("writer")).toEqual(["lake_export_query"]);
  expect(await names("analyst")).toHaveLength(8);
  expect(await names("steward")).toHaveLength(8);
  expect(await sluice("tools", "--role", "analist")).toMatchObject({
    code: 2,
    err: expect.stringContaining('did you mean "analyst"?'),
  });
});

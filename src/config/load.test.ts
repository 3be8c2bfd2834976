import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { settingsJsonSchema } from "./json-schema.ts";
import { type LoadedConfig, loadConfig } from "./load.ts";
import type { Environment, Surroundings } from "./platform.ts";

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "sluice-config-"));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

function surroundings(env: Environment = {}): Surroundings {
  return { env, cwd, home: "/home/ada", os: "linux", cpuCount: 8, memoryBytes: 8e9 };
}

function load(argv: string[] = [], env: Environment = {}): Promise<LoadedConfig> {
  return loadConfig({ argv, surroundings: surroundings(env) });
}

async function problemsOf(loading: Promise<LoadedConfig>): Promise<string> {
  return loading.then(
    () => "none",
    (error: Error) => `${error.name}: ${error.message}`,
  );
}

function effective(config: LoadedConfig, path: string) {
  const setting = config.effective.find((candidate) => candidate.path === path);
  return setting && { value: setting.value, from: setting.origin.kind, name: setting.origin.name };
}

const file = (text: string) => writeFile(join(cwd, "sluice.yaml"), text);

describe("where settings come from", () => {
  test("defaults hold with nothing set", async () => {
    const config = await load();
    expect(config.settings.results).toEqual({ maxBytes: 262_144, maxRows: 10_000 });
    expect(config.settings.lake.cache.dir).toBe("/home/ada/.cache/sluice/objects");
    expect(config.settings.lake.s3.region).toBeUndefined();
    expect(effective(config, "results.maxBytes")).toEqual({ value: "256KB", from: "default", name: "" });
  });

  test("the file wins over defaults, old names over the file, variables over old names, flags over all", async () => {
    await file("lake: { buckets: [file-a, file-b] }\nlog: { level: debug }\nresults: { maxRows: 7 }\n");
    expect((await load()).settings.lake.buckets).toEqual([
      { bucket: "file-a", prefix: "" },
      { bucket: "file-b", prefix: "" },
    ]);
    const env = { S3_BUCKET_NAME: "old-bucket", SLUICE_LOG_LEVEL: "error", LOG_LEVEL: "INFO" };
    const config = await load(["serve", "--lake.buckets", "flag-a,flag-b/x/", "--port", "1"], env);
    expect(effective(config, "lake.buckets")).toEqual({
      value: ["flag-a", "flag-b/x/"],
      from: "flag",
      name: "--lake.buckets",
    });
    expect(effective(config, "log.level")).toEqual({
      value: "error",
      from: "variable",
      name: "SLUICE_LOG_LEVEL",
    });
    expect(effective(config, "results.maxRows")).toEqual({
      value: 7,
      from: "file",
      name: join(cwd, "sluice.yaml"),
    });
    expect(effective(await load([], { S3_BUCKET_NAME: "old-bucket" }), "lake.buckets")?.value).toEqual([
      "old-bucket",
    ]);
  });

  test("variables take sizes, durations, numbers, switches, lists and whole groups as JSON", async () => {
    const { settings } = await load([], {
      SLUICE_LAKE_CACHE_MAX_BYTES: "2GB",
      SLUICE_LAKE_CACHE: '{"dir":"/var/cache/s","maxBytes":5}',
      SLUICE_CALLS_TIMEOUT_MS: "2m",
      SLUICE_HTTP_PORT: "9000",
      SLUICE_LAKE_ALLOW_HARD_LINKS: "true",
      SLUICE_HTTP_ALLOWED_HOSTS: "a.example, b.example",
      SLUICE_LAKE_BUCKETS: '["with,comma/x,y/"]',
    }).catch((error: Error) => ({ settings: error.message }));
    expect(settings).toBe('lake.buckets item 1 (SLUICE_LAKE_BUCKETS): "with,comma" is not a bucket name');
    const good = await load([], {
      SLUICE_LAKE_CACHE_MAX_BYTES: "2GB",
      SLUICE_LAKE_CACHE: '{"dir":"/var/cache/s","maxBytes":5}',
      SLUICE_CALLS_TIMEOUT_MS: "2m",
      SLUICE_HTTP_PORT: "9000",
      SLUICE_LAKE_ALLOW_HARD_LINKS: "true",
      SLUICE_HTTP_ALLOWED_HOSTS: "a.example, b.example",
      SLUICE_LAKE_BUCKETS: '["comma/x,y/"]',
    });
    expect(good.settings.lake.cache).toEqual({ dir: "/var/cache/s", maxBytes: 2_147_483_648 });
    expect(good.settings.calls.timeoutMs).toBe(120_000);
    expect(good.settings.http).toMatchObject({ port: 9000, allowedHosts: ["a.example", "b.example"] });
    expect(good.settings.lake).toMatchObject({
      allowHardLinks: true,
      buckets: [{ bucket: "comma", prefix: "x,y/" }],
    });
  });

  test("flags may repeat lists, use =, stand alone as switches, and end at --", async () => {
    const { settings } = await load([
      "--lake.buckets",
      "aaa",
      "--lake.buckets=bbb",
      "--tools.listAliases",
      "--toolsets",
      "lake",
      "--",
      "--nonsense.flag",
    ]);
    expect(settings.lake.buckets.map(({ bucket }) => bucket)).toEqual(["aaa", "bbb"]);
    expect(settings.tools.listAliases).toBe(true);
  });

  test("relative paths start at the file's folder, or at the working folder, and ~ is home", async () => {
    const other = await mkdtemp(join(tmpdir(), "sluice-config-other-"));
    await writeFile(
      join(other, "s.yaml"),
      "lake: { localRoots: [data, 'x=~/more', ./a=b], cache: { dir: c } }",
    );
    const { settings } = await load(["--config", join(other, "s.yaml")]);
    expect(settings.lake.localRoots).toEqual([
      { name: "data", path: join(other, "data") },
      { name: "x", path: "/home/ada/more" },
      { name: "a=b", path: join(other, "a=b") },
    ]);
    expect(settings.lake.cache.dir).toBe(join(other, "c"));
    expect((await load(["--lake.localRoots", "data"])).settings.lake.localRoots[0]?.path).toBe(
      join(cwd, "data"),
    );
    await rm(other, { recursive: true });
  });

  test("fixed settings win over flags, and the default file can be left alone", async () => {
    await file("lake: { buckets: [mine] }");
    const config = await loadConfig({
      argv: ["--lake.s3.endpoint", "http://a.example"],
      surroundings: surroundings(),
      defaultFile: false,
      fixed: { "lake.s3.endpoint": "http://127.0.0.1:1" },
    });
    expect(config.settings.lake.buckets).toEqual([]);
    expect(effective(config, "lake.s3.endpoint")).toMatchObject({
      value: "http://127.0.0.1:1",
      from: "demo",
    });
  });
});

describe("wrong settings", () => {
  test("are all reported at once, with their source and what was likely meant", async () => {
    await file("lake:\n  bukets: [a]\nresults:\n  maxBytes: 3 parrots\n");
    const message = await problemsOf(
      load(["--http.prt", "1"], { SLUICE_LOG_LEVLE: "info", SLUICE_AWS_REGIONS: "x" }),
    );
    expect(message.replaceAll(cwd, "")).toBe(
      [
        "ConfigError: 5 settings are wrong:",
        "- lake.bukets (/sluice.yaml) is no setting: did you mean lake.buckets?",
        "- aws.regions (SLUICE_AWS_REGIONS): aws is not in this version. Remove it",
        "- SLUICE_LOG_LEVLE is no setting: did you mean SLUICE_LOG_LEVEL?",
        "- http.prt (--http.prt) is no setting: did you mean http.port?",
        '- results.maxBytes (/sluice.yaml): "3 parrots" is not a size: write bytes, or 256KB, 2GB',
      ].join("\n"),
    );
  });

  test.each([
    ["a prefix without its slash", "lake.buckets", "data/orders", 'must end in "/"'],
    ["a bucket with its scheme", "lake.buckets", "s3://data", "without its scheme"],
    ["an ARN", "lake.buckets", "arn:aws:s3:::x", "ARNs are not in this version"],
    ["an upper-case bucket", "lake.buckets", "Data", "is not a bucket name"],
    ["an address as bucket", "lake.buckets", "10.0.0.1", "is not a bucket name"],
    ["a port out of range", "http.port", "70000", "http.port (--http.port)"],
    ["a port that is a word", "http.port", "eighty", "expected number"],
    ["credentials in an endpoint", "lake.s3.endpoint", "http://u:p@h", "must not hold credentials"],
    ["an endpoint of another scheme", "lake.s3.endpoint", "file:///etc/passwd", "not an http"],
    ["an origin with a path", "http.allowedOrigins", "https://a.example/x", "is not an origin"],
    ["any origin", "http.allowedOrigins", "*", "is not an origin"],
    ["an unknown level", "log.level", "loud", "log.level"],
    ["a query longer than a call", "lake.query.timeoutMs", "10m", "longer than calls.timeoutMs (300000 ms)"],
    ["two roots of one name", "lake.localRoots", "/a/data,/b/data", 'two folders are named "data"'],
    ["no value", "log.level", "", "is empty"],
    ["no time", "calls.timeoutMs", "0", "must be at least 1ms"],
    ["a time beyond Node's timers", "calls.timeoutMs", "720h", "may be"],
    ["results too small for a row", "results.maxBytes", "100", "must be at least 1KB"],
    ["a negative size", "lake.cache.maxBytes", "-1", "is not a size"],
    ["a way to write there is not", "writes", "yes", '"yes" is none of off, confirm and allow'],
    ["a link that outlives what S3 allows", "lake.exports.maxExpiresMs", "192h", "168h at most"],
    [
      "a link longer than callers may ask for",
      "lake.exports.expiresMs",
      "48h",
      "longer than lake.exports.maxExpiresMs",
    ],
    [
      "a key without its encryption",
      "lake.exports.kmsKeyId",
      "k",
      "unless lake.exports.encryption is aws:kms",
    ],
    ["no worker", "lake.query.workers", "0", "lake.query.workers"],
  ])("%s is refused", async (_what, path, text, says) => {
    expect(await problemsOf(load([`--${path}=${text}`]))).toContain(says);
  });

  test.each([
    ["broken YAML", "lake: [", "is not YAML"],
    ["the same setting twice", "log: {level: info}\nlog: {level: warn}\n", "is not YAML"],
    ["a list in place of settings", "- lake\n", "must be an object"],
    ["a scalar in place of a group", "lake: 3\n", "lake ("],
    ["a setting without value", "log:\n  level:\n", "is empty"],
    ["__proto__ as a setting", '"__proto__": {log: {level: info}}\n', "__proto__"],
    ["constructor as a setting", "constructor: {prototype: {x: 1}}\n", "constructor"],
  ])("a file with %s is refused", async (_what, text, says) => {
    await file(text);
    expect(await problemsOf(load())).toContain(says);
  });

  test("a named file that is missing or is a folder is refused, a missing default file is not", async () => {
    expect(await problemsOf(load(["--config", "nowhere.yaml"]))).toContain("ENOENT");
    expect(await problemsOf(load([], { SLUICE_CONFIG: cwd }))).toContain("EISDIR");
    expect(await problemsOf(load(["--config"]))).toContain("--config wants the path");
    expect(await problemsOf(load())).toBe("none");
  });

  test("variables that Kubernetes makes for a service named sluice are no settings", async () => {
    const env = {
      SLUICE_PORT: "tcp://10.0.0.1:80",
      SLUICE_SERVICE_HOST: "10.0.0.1",
      SLUICE_PORT_80_TCP_ADDR: "10.0.0.1",
    };
    expect(await problemsOf(load([], env))).toBe("none");
  });
});

describe("secrets", () => {
  test("come from files and are hidden in the effective settings", async () => {
    await writeFile(join(cwd, "endpoint"), "https://storage.example\n");
    const config = await load([`--lake.s3.endpoint=secret://file${cwd}/endpoint`]);
    expect(config.settings.lake.s3.endpoint).toBe("https://storage.example");
    expect(effective(config, "lake.s3.endpoint")?.value).toBe("(hidden)");
  });

  test("are found inside what a setting holds", async () => {
    await writeFile(join(cwd, "external-id"), "of-acme-4711\n");
    const tenants = {
      acme: {
        roleArn: "arn:aws:iam::123456789012:role/a",
        externalId: `secret://file${cwd}/external-id`,
        buckets: ["lake"],
      },
    };
    const config = await load([`--tenants=${JSON.stringify(tenants)}`]);
    expect(config.settings.tenants?.acme?.externalId).toBe("of-acme-4711");
    expect(effective(config, "tenants")?.value).toBe("(hidden)");
  });

  test("never show in what is said of them", async () => {
    await writeFile(join(cwd, "size"), "hunter2");
    const message = await problemsOf(load([`--results.maxBytes=secret://file${cwd}/size`]));
    expect(message).toContain("results.maxBytes");
    expect(message).not.toContain("hunter2");
  });

  test.each([
    ["secret://vault/name", "write secret://file/"],
    ["secret://file/no/such/file", "ENOENT"],
    ["secret://file", "wants an absolute path"],
  ])("%s is refused", async (reference, says) => {
    expect(await problemsOf(load([`--lake.s3.region=${reference}`]))).toContain(says);
  });
});

test("the JSON Schema describes every setting with the default users would write", () => {
  const schema = settingsJsonSchema(surroundings()) as { properties: Record<string, { properties: object }> };
  expect(schema.properties.results?.properties).toMatchObject({
    maxBytes: { default: "256KB", description: expect.stringContaining("Bytes of rows in one result") },
    maxRows: { default: 10_000 },
  });
});

test.each([
  [89, "89 days are too few: audit records are kept for 90 days or more"],
  [0, "0 days are too few"],
  [-1, "-1 days are too few"],
  [90.5, "expected int"],
])("%s days of audit retention are refused, whatever the records are kept in", async (days, says) => {
  for (const place of [{}, { SLUICE_AUDIT_JOURNAL_DIR: "j" }, { SLUICE_AUDIT_DYNAMODB_TABLE: "records" }]) {
    const env = { ...place, SLUICE_AUDIT_RETENTION_DAYS: String(days) };
    expect(await problemsOf(load([], env))).toContain(says);
  }
  expect(await problemsOf(load(["--audit.retentionDays", "90"]))).toBe("none");
});

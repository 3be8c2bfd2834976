import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderOf, readSources } from "./imports.ts";

const root = join(import.meta.dirname, "../../src");
const sources = readSources(root);

/** Whoever puts the product together may import all of it. */
const everything = [
  "core",
  "aws",
  "config",
  "auth",
  "lake",
  "state",
  "limits",
  "mcp",
  "policy",
  "resilience",
  "audit",
  "telemetry",
  "demo",
  "toolsets",
  "adapters",
];

/** What each folder of `src/` may import beside itself. A folder that is not named here may not exist. */
const mayImport: Record<string, readonly string[]> = {
  core: [],
  aws: ["core"],
  config: ["core", "aws"],
  auth: ["core"],
  lake: ["core", "aws"],
  mcp: ["core"],
  policy: ["core"],
  telemetry: ["core"],
  resilience: ["core"],
  state: ["core", "aws"],
  limits: ["core", "state"],
  audit: ["core", "aws", "telemetry"],
  demo: ["core"],
  toolsets: ["core", "lake"],
  adapters: ["core", "auth", "mcp", "telemetry"],
  commands: [...everything, "program"],
  program: [...everything, "commands"],
};

test("every folder of src has its place in the layout", () => {
  expect(sources.length).toBeGreaterThan(20);
  expect(
    [...new Set(sources.map(({ path }) => folderOf(path)))].filter((folder) => !(folder in mayImport)),
  ).toEqual([]);
});

test("folders import only what the layout allows", () => {
  const wrong = sources.flatMap(({ path, own }) =>
    own
      .filter((target) => folderOf(target) !== folderOf(path))
      // The one file outside src: the version is written there and nowhere else.
      .filter((target) => !(path === "version.ts" && target === "../package.json"))
      .filter((target) => !mayImport[folderOf(path)]?.includes(folderOf(target)))
      .map((target) => `${path} → ${target}`),
  );
  expect(wrong).toEqual([]);
});

describe("one place for each outside thing", () => {
  const users = (pattern: RegExp, type: "import" | "text") =>
    sources
      .filter(({ outside, text }) =>
        type === "text" ? pattern.test(text) : outside.some((target) => pattern.test(target)),
      )
      .map(({ path }) => path);

  test("only mcp imports the MCP SDK's server", () => {
    expect(
      users(/^@modelcontextprotocol\/(server|node|hono)/, "import").filter(
        (path) => !path.startsWith("mcp/"),
      ),
    ).toEqual([]);
  });

  test("only config reads the environment", () => {
    expect(users(/\bprocess\.env\b/, "text").filter((path) => !path.startsWith("config/"))).toEqual([]);
  });

  test("only telemetry speaks to OpenTelemetry, and what starts loads it where spans are sent alone", () => {
    const users = sources.filter(({ outside }) =>
      outside.some((target) => target.startsWith("@opentelemetry/")),
    );
    expect(users.map(({ path }) => path).filter((path) => !path.startsWith("telemetry/tracing/"))).toEqual(
      [],
    );
    const eager = /^import (?!type ).*telemetry\/tracing\//m;
    expect(sources.filter(({ text }) => eager.test(text)).map(({ path }) => path)).toEqual([]);
  });

  test("the query engine is loaded in its own processes only", () => {
    const allowed = (path: string) => path.startsWith("lake/sql/worker/") || path.startsWith("demo/data/");
    expect(users(/^@duckdb\//, "import").filter((path) => !allowed(path))).toEqual([]);
  });

  test("only the state stores and the audit's table speak to DynamoDB, through one client, and only those to Redis", () => {
    const allowed = (path: string) =>
      path.startsWith("state/") || path === "audit/table/audit-table.ts" || path === "aws/open-dynamodb.ts";
    expect(users(/^(@aws-sdk\/client-dynamodb|ioredis)/, "import").filter((path) => !allowed(path))).toEqual(
      [],
    );
    expect(users(/\bsdk\.DynamoDBClient\b/, "text")).toEqual(["aws/open-dynamodb.ts"]);
  });

  test("only the settings' secrets speak to Parameter Store and Secrets Manager, and to nothing else of AWS", () => {
    const allowed = (path: string) => path.startsWith("config/secrets/");
    const clients = /^@aws-sdk\/client-(ssm|secrets-manager)$/;
    expect(users(clients, "import").filter((path) => !allowed(path))).toEqual([]);
    const ofConfig = sources.filter(({ path }) => path.startsWith("config/"));
    expect(
      ofConfig.flatMap(({ outside }) => outside.filter((target) => /^@aws-sdk/.test(target))).sort(),
    ).toEqual(["@aws-sdk/client-secrets-manager", "@aws-sdk/client-ssm"]);
  });

  test("only the S3 store and the audit's anchors speak to the AWS SDK's S3 client", () => {
    const allowed = (path: string) => path.startsWith("lake/stores/") || path.startsWith("audit/anchors/");
    expect(users(/^@aws-sdk\/client-s3/, "import").filter((path) => !allowed(path))).toEqual([]);
  });
});

describe("every client of AWS is made in one place, where it gets what ends each of its requests", () => {
  /** Who imports more than types of a file. */
  const importersOf = (target: string) =>
    sources
      .filter(({ own }) => own.includes(target))
      .filter(({ text }) =>
        new RegExp(`(^import (?!type )|import\\()[^;]*/${target.split("/")[1]}"`, "m").test(text),
      )
      .map(({ path }) => path);

  test("nobody else makes one, or says how long its requests take", () => {
    const made = sources.filter(({ text }) => /\bnew (\w+\.)?[A-Z]\w*Client\(|requestHandler:/.test(text));
    expect(made.map(({ path }) => path).sort()).toEqual(["aws/make-client.ts", "aws/open-call-client.ts"]);
    expect(importersOf("aws/make-client.ts").sort()).toEqual([
      "aws/open-call-client.ts",
      "aws/open-client.ts",
    ]);
  });

  test("one that works for calls is watched, so that the audit says what it was asked", () => {
    const ofCalls = importersOf("aws/open-call-client.ts");
    expect(ofCalls.filter((path) => !/^(lake|toolsets)\//.test(path))).toEqual([]);
    // What the audit, the state store and the secrets of settings send is of no call.
    const ofNoCall = [...importersOf("aws/open-client.ts"), ...importersOf("aws/open-dynamodb.ts")];
    expect(ofNoCall.filter((path) => !/^(audit|aws|state|config\/secrets)\//.test(path))).toEqual([]);
    expect(Math.min(ofCalls.length, ofNoCall.length)).toBeGreaterThan(2);
  });
});

test("every tool file is listed by its toolset", () => {
  const toolsets = join(root, "toolsets");
  for (const folder of readdirSync(toolsets, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )) {
    const inFolder = sources.filter(({ path }) => path.startsWith(`toolsets/${folder.name}/`));
    const index = inFolder.find(({ path }) => path.endsWith("/index.ts"));
    const tools = inFolder.filter(({ text }) => /\bdefineTool\(/.test(text)).map(({ path }) => path);
    expect(tools.filter((path) => !index?.own.includes(path))).toEqual([]);
    expect(tools.length).toBeGreaterThan(0);
  }
});

test("files stay small enough to read", () => {
  const lines = sources.map((source) => source.lines).sort((a, b) => a - b);
  const at = (share: number) => lines[Math.min(lines.length - 1, Math.floor(lines.length * share))] ?? 0;
  expect(at(0.5)).toBeLessThanOrEqual(80);
  expect(at(0.95)).toBeLessThanOrEqual(250);
});

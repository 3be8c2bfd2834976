import { join } from "node:path";
import { z } from "zod";
import { athenaSettings } from "./athena.ts";
import { auditSettings, wrongAudit } from "./audit.ts";
import { authSettings, wrongAuth } from "./auth.ts";
import { confirmationSettings, wrongConfirmation } from "./confirmation.ts";
import { databricksSettings, wrongDatabricks } from "./databricks.ts";
import { exportSettings } from "./exports.ts";
import {
  allowedBucket,
  count,
  durationMs,
  endpointUrl,
  hostName,
  localRoot,
  originUrl,
  sizeBytes,
} from "./fields.ts";
import { limitSettings } from "./limits.ts";
import { cacheHome, type Surroundings } from "./platform.ts";
import { rbacSettings } from "./rbac.ts";
import { stateSettings, wrongState } from "./state.ts";
import { telemetrySettings, wrongTelemetry } from "./telemetry.ts";
import { tenantSettings, wrongTenants } from "./tenants.ts";
import { tlsSettings } from "./tls.ts";

const kilobyte = 1024;
const megabyte = 1024 ** 2;
const gigabyte = 1024 ** 3;

/** Severities of the log, in order. */
export const logLevels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/**
 * Every setting there is: its shape, default, and what it means. Everything else (flags, variables, the
 * effective list, the JSON Schema) is derived from it.
 */
export function createSettingsSchema(surroundings: Surroundings) {
  return z
    .strictObject({
      http: httpSettings,
      auth: authSettings,
      lake: lakeSettings(surroundings),
      results: resultSettings,
      tools: toolSettings,
      rbac: rbacSettings,
      tenants: tenantSettings,
      writes: writesSetting
        .default("off")
        .describe(
          "Tools that change things: off (they are not listed, and refused), confirm (they answer with a plan first) or allow",
        ),
      confirmation: confirmationSettings,
      toolsets: z.array(z.string().min(1)).default(["lake"]).describe("Toolsets to offer"),
      breaker: breakerSettings,
      calls: z
        .strictObject({
          timeoutMs: durationMs().default(300_000).describe("How long one tool call may take"),
        })
        .prefault({}),
      limits: limitSettings,
      state: stateSettings,
      tasks: taskSettings,
      summarize: z
        .strictObject({
          maxInputBytes: sizeBytes(kilobyte).default(megabyte).describe("Text read for one summary"),
        })
        .prefault({}),
      audit: auditSettings,
      telemetry: telemetrySettings,
      log: z
        .strictObject({
          level: z.enum(logLevels).default("info").describe("Least severity that is logged"),
        })
        .prefault({}),
    })
    .superRefine(checkTogether);
}

/** Settings of a running Sluice: parsed, in bytes and milliseconds. */
export type Settings = z.output<ReturnType<typeof createSettingsSchema>>;

const taskSettings = z
  .strictObject({
    afterMs: durationMs(0)
      .default(5_000)
      .describe("A call that takes longer becomes a task, for clients that take tasks"),
    timeoutMs: durationMs().default(1_800_000).describe("How long a call that may become a task may take"),
    keepMs: durationMs(1_000).default(1_800_000).describe("How much longer its result can be fetched"),
    key: z.string().min(32).optional().meta({
      description:
        "Secret of 32 characters or more, the same on servers that answer for each other's tasks; best as secret://…. Left out, tasks end with their process",
      writeOnly: true,
    }),
  })
  .prefault({});

const breakerSettings = z
  .strictObject({
    failures: count(1_000)
      .default(5)
      .describe("Failures in a row after which a service is not asked any more"),
    resetMs: durationMs().default(60_000).describe("How long it is then left alone"),
    halfOpenCalls: count(1_000)
      .default(3)
      .describe("Requests that are let through then; all must succeed for it to be asked as before"),
    probeTimeoutMs: durationMs()
      .default(30_000)
      .describe("Such a request that takes longer counts as failed"),
  })
  .prefault({});

const httpSettings = z
  .strictObject({
    host: z.string().min(1).default("127.0.0.1").describe("Address to listen on"),
    port: z.int().min(0).max(65_535).default(8080).describe("Port to listen on; 0 takes a free one"),
    allowedHosts: z
      .array(hostName)
      .default([])
      .describe("Host names or addresses clients may use beside localhost and http.host; no ports, no *"),
    allowedOrigins: z
      .array(originUrl)
      .default([])
      .describe("Browser origins allowed to call, such as https://app.example.org"),
    maxBodyBytes: sizeBytes(kilobyte).default(megabyte).describe("Largest request body"),
    tls: tlsSettings,
    drainMs: durationMs(0).default(20_000).describe("How long accepted calls may go on after SIGTERM"),
  })
  .prefault({});

function lakeSettings(surroundings: Surroundings) {
  return z
    .strictObject({
      buckets: z
        .array(allowedBucket)
        .default([])
        .describe("S3 buckets that may be read: name, or name/prefix/"),
      localRoots: z
        .array(localRoot)
        .default([])
        .describe("Local folders that may be read: path, or name=path"),
      allowHardLinks: z
        .boolean()
        .default(false)
        .describe("Read files that have a second name, which may lie outside the root"),
      cache: z
        .strictObject({
          dir: z
            .string()
            .min(1)
            .default(join(cacheHome(surroundings), "objects"))
            .describe(
              "Folder of the block cache; on a local disk: behind a network every query waits for it",
            ),
          maxBytes: sizeBytes(megabyte)
            .default(8 * gigabyte)
            .describe("Disk the cache may use"),
        })
        .prefault({}),
      query: querySettings(surroundings),
      maxDecompressedBytes: sizeBytes()
        .default(4 * gigabyte)
        .describe("A compressed or re-encoded file may not grow past this"),
      s3: s3Settings,
      databricks: databricksSettings,
      athena: athenaSettings,
      exports: exportSettings,
    })
    .prefault({});
}

function querySettings({ cpuCount }: Surroundings) {
  return z
    .strictObject({
      timeoutMs: durationMs().default(60_000).describe("How long one query may run"),
      memoryBytes: sizeBytes(32 * megabyte)
        .default(256 * megabyte)
        .describe("Memory of the engine in each worker"),
      threads: count(256).default(Math.min(cpuCount, 4)).describe("Threads of each worker"),
      workers: count(64)
        .default(2)
        .describe("Worker processes kept ready; also how many queries run at once"),
      tempBytes: sizeBytes()
        .default(2 * gigabyte)
        .describe("Disk one query may spill to"),
      maxScanBytes: sizeBytes()
        .default(10 * gigabyte)
        .describe("Bytes of source objects one query may read"),
      maxResultBytes: sizeBytes()
        .default(256 * megabyte)
        .describe("Bytes of rows kept for a cursor to walk through"),
    })
    .prefault({});
}

const writesSetting = z.enum(["off", "confirm", "allow"], {
  error: ({ input }) => `${JSON.stringify(input)} is none of off, confirm and allow`,
});

const s3Settings = z
  .strictObject({
    region: z.string().min(1).optional().describe("AWS region; left out, the AWS SDK's own chain finds it"),
    endpoint: endpointUrl.optional().describe("URL of an S3-compatible server"),
    forcePathStyle: z
      .boolean()
      .default(false)
      .describe("Name the bucket in the path, as most S3-compatible servers want"),
  })
  .prefault({});

const resultSettings = z
  .strictObject({
    maxBytes: sizeBytes(kilobyte)
      .default(256 * kilobyte)
      .describe("Bytes of rows in one result; names, notes and cursor around them may take 64 KB more"),
    maxRows: count(1_000_000).default(10_000).describe("Rows in one result"),
  })
  .prefault({});

const toolSettings = z
  .strictObject({
    allow: z
      .array(z.string().min(1))
      .default(["*"])
      .describe("Tools to offer, by name; * stands for any characters"),
    deny: z.array(z.string().min(1)).default([]).describe("Tools not to offer; wins over tools.allow"),
    listAliases: z.boolean().default(false).describe("List the names of older systems beside the tools' own"),
  })
  .prefault({});

/** Settings that are right one by one and wrong together. */
function checkTogether(
  settings: {
    lake: {
      query: { timeoutMs: number };
      localRoots: { name: string }[];
      databricks: z.output<typeof databricksSettings>;
      exports: { expiresMs: number; maxExpiresMs: number; encryption: string; kmsKeyId?: string | undefined };
    };
    calls: { timeoutMs: number };
    auth: z.output<typeof authSettings>;
    tenants?: z.output<typeof tenantSettings>;
    http: z.output<typeof httpSettings>;
    writes: z.output<typeof writesSetting>;
    confirmation: z.output<typeof confirmationSettings>;
    state: z.output<typeof stateSettings>;
    audit: z.output<typeof auditSettings>;
    telemetry: z.output<typeof telemetrySettings>;
  },
  context: z.RefinementCtx,
): void {
  const { query, localRoots, exports } = settings.lake;
  const refuse = (name: string, message: string) =>
    context.addIssue({ code: "custom", path: ["lake", "exports", name], message });
  if (exports.expiresMs > exports.maxExpiresMs)
    refuse("expiresMs", "is longer than lake.exports.maxExpiresMs");
  if (exports.kmsKeyId !== undefined && exports.encryption !== "aws:kms") {
    refuse("kmsKeyId", "is of no use unless lake.exports.encryption is aws:kms");
  }
  if (query.timeoutMs > settings.calls.timeoutMs) {
    context.addIssue({
      code: "custom",
      path: ["lake", "query", "timeoutMs"],
      message: `is longer than calls.timeoutMs (${settings.calls.timeoutMs} ms), which would end the call first`,
    });
  }
  const wrongCallers = [
    ...wrongAuth(settings.auth, settings.http),
    ...wrongTenants(settings.tenants, settings.auth),
  ];
  for (const { path, message } of wrongCallers) context.addIssue({ code: "custom", path, message });
  const wrong = wrongDatabricks(settings.lake.databricks);
  if (wrong) {
    const path = ["lake", "databricks", wrong.setting];
    context.addIssue({ code: "custom", path, message: wrong.message });
  }
  const wrongKeys = wrongConfirmation(settings);
  if (wrongKeys) context.addIssue({ code: "custom", ...wrongKeys });
  const groups = [
    ["state", wrongState(settings.state)],
    ["audit", wrongAudit(settings.audit)],
    ["telemetry", wrongTelemetry(settings.telemetry, settings.auth)],
  ] as const;
  for (const [group, wrongOne] of groups) {
    if (!wrongOne) continue;
    const { path, message } = wrongOne;
    context.addIssue({ code: "custom", path: [group, ...path], message });
  }
  for (const [index, { name }] of localRoots.entries()) {
    if (localRoots.findIndex((root) => root.name === name) === index) continue;
    context.addIssue({
      code: "custom",
      path: ["lake", "localRoots", index],
      message: `two folders are named ${JSON.stringify(name)}: write one of them as name=path`,
    });
  }
}

import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { StreamableHTTPClientTransport as ModernHttp } from "@modelcontextprotocol/client";
import { StreamableHTTPClientTransport as LegacyHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport as LegacyTransport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { z } from "zod";
import { createHttpAdapter, type HttpAdapter } from "../../src/adapters/http/adapter.ts";
import { assemble, type Deps } from "../../src/assemble.ts";
import { openIdentity } from "../../src/commands/frame/identity.ts";
import { tellOutsideCalls } from "../../src/commands/frame/outside-calls.ts";
import { checkPolicy } from "../../src/commands/frame/policy-check.ts";
import { createSettingsSchema } from "../../src/config/schema.ts";
import { type CallResult, callTool } from "../../src/core/call.ts";
import type { Principal } from "../../src/core/principal.ts";
import { createMcpFront, type McpFront } from "../../src/mcp/front.ts";
import type { TaskTimes } from "../../src/mcp/tasks/runner.ts";
import { createLog, type Log } from "../../src/telemetry/log.ts";
import { connectLegacy, connectModern, type TestClient } from "./clients.ts";
import { type S3Server, s3Credentials, startS3Server } from "./s3-server.ts";

type GivenSettings = z.input<ReturnType<typeof createSettingsSchema>>;

/** The whole product over HTTP, with principals who are known by their names alone. */
export interface PolicyServer {
  deps: Deps;
  s3: S3Server;
  front: McpFront;
  adapter: HttpAdapter;
  /** Absolute path of the local root `root`. */
  root: string;
  /** A client over a real socket, as the principal of this name. */
  connect(name: string, era?: "modern" | "legacy"): Promise<TestClient>;
  /** A call as the principal of this name. */
  call(name: string, tool: string, args?: Record<string, unknown>): Promise<CallResult>;
  write(name: string, body: string): Promise<string>;
  stop(): Promise<void>;
}

/** Somebody, of the tenant `default`. */
export function principal(id: string, changes: Partial<Principal> = {}): Principal {
  return { id, tenantId: "default", scopes: [], roles: [], via: "jwt", ...changes };
}

/** What is tested here is who may call, and not how often. */
const unlimited = { ratePerSecond: "unlimited", perDay: "unlimited" };

/**
 * Starts it with buckets `lake` and `other` and a local root. `principals` are known by their `authorization`, unless the
 * settings name how callers prove who they are.
 */
export async function startPolicyServer(
  settings: GivenSettings,
  principals: Readonly<Record<string, Principal>> = {},
  taskTimes?: TaskTimes,
  log: Log = createLog({ level: "silent" }),
): Promise<PolicyServer> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "sluice-policy-")));
  const root = join(folder, "root");
  await mkdir(root);
  const s3 = await startS3Server(["lake", "other"]);
  const schema = createSettingsSchema({
    env: {},
    cwd: folder,
    home: folder,
    os: "linux",
    cpuCount: 1,
    memoryBytes: 2 ** 32,
  });
  const lake = {
    buckets: ["lake", "other"],
    localRoots: [`root=${root}`],
    cache: { dir: join(folder, "cache") },
    query: { workers: 1, threads: 1 },
    s3: { region: "eu-west-1", endpoint: s3.endpoint, forcePathStyle: true },
    ...settings.lake,
  };
  const deps = assemble({
    settings: schema.parse({ limits: unlimited, ...settings, lake }),
    log,
    s3Credentials,
  });
  await deps.access?.loaded;
  const who = (name: string) => principals[name] ?? principal(name);
  const identity = await openIdentity(deps);
  const front = createMcpFront({
    calls: deps.calls,
    serverInfo: { name: "sluice-test", version: "0.0.0" },
    ...(taskTimes ? { taskTimes } : {}),
    authenticate:
      identity?.identify ?? (async ({ headers }) => who(headers.get("authorization") ?? "nobody")),
  });
  const adapter = createHttpAdapter({
    front,
    calls: deps.calls,
    ready: async () => checkPolicy(deps.access),
    summarizeBucket: "lake",
    ...tellOutsideCalls({ ...deps, log }),
  });
  const { url } = await adapter.listen();
  return {
    deps,
    s3,
    front,
    adapter,
    root,
    connect(name, era = "modern") {
      const options = { requestInit: { headers: { authorization: name } } };
      return era === "modern"
        ? connectModern(new ModernHttp(new URL(`${url}/mcp`), options))
        : connectLegacy(new LegacyHttp(new URL(`${url}/mcp`), options) as LegacyTransport);
    },
    call: (name, tool, args = {}) =>
      callTool(deps.calls, { name: tool, arguments: args, principal: who(name) }),
    async write(name, body) {
      const path = join(root, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, body);
      return path;
    },
    async stop() {
      await adapter.close();
      await deps.close();
      await s3.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

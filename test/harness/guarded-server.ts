import { z } from "zod";
import { createHttpAdapter } from "../../src/adapters/http/adapter.ts";
import { openCertificates } from "../../src/commands/frame/certificates-in-force.ts";
import { openIdentity } from "../../src/commands/frame/identity.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/schema.ts";
import { defineTool } from "../../src/core/tool.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { testCalls } from "./calls.ts";
import { echoToolset } from "./echo-toolset.ts";
import { recordingTerminal } from "./terminal.ts";

/** The test tools over real HTTP, with identity as the settings have it. */
export interface GuardedServer {
  url: string;
  /** Each line of the log. */
  logged: string[];
  close(): Promise<void>;
}

/** `whoami` says who the call was made as. */
export const whoami = defineTool({
  name: "echo_whoami",
  title: "Who am I",
  description: "Says who calls.",
  effect: "read",
  iam: [],
  input: z.strictObject({}),
  output: z.object({ id: z.string(), tenantId: z.string(), roles: z.array(z.string()), via: z.string() }),
  examples: [],
  handle: async (_input, { principal: { id, tenantId, roles, via } }) => ({
    id,
    tenantId,
    roles: [...roles],
    via,
  }),
});

/** The settings `auth` and `http`, parsed as those of a user. */
export async function settingsOf(auth: unknown, http: unknown): Promise<Settings> {
  const terminal = recordingTerminal();
  const env = { SLUICE_AUTH: JSON.stringify(auth), SLUICE_HTTP: JSON.stringify(http) };
  const { settings } = await loadConfig({ argv: [], surroundings: { ...terminal.surroundings, env } });
  return settings;
}

export interface GuardedOptions {
  http?: unknown;
  now?: () => number;
  /** Holders of which roles are told the state of each dependency. Default: nobody. */
  dependencyReaders?: readonly string[];
}

export async function startGuardedServer(
  auth: unknown,
  { http = {}, now = Date.now, dependencyReaders = [] }: GuardedOptions = {},
): Promise<GuardedServer> {
  const settings = await settingsOf(auth, http);
  const logged: string[] = [];
  const log = createLog({ level: "info", write: (line) => logged.push(line) });
  const calls = { ...testCalls([{ ...echoToolset, tools: [...echoToolset.tools, whoami] }]), now };
  const inForce = await openCertificates(settings, { log, now, everyMs: 20 });
  const identity = await openIdentity({ settings, log, calls }, { inForce });
  if (!identity) throw new Error("These settings ask nobody who they are.");
  const front = createMcpFront({
    calls,
    authenticate: identity.identify,
    serverInfo: { name: "sluice-test", version: "0" },
    taskTimes: { afterMs: 30, timeoutMs: 60_000, keepMs: 60_000 },
  });
  const { oauth, certificates } = identity;
  const { host } = settings.http;
  const adapter = createHttpAdapter({
    front,
    calls,
    host,
    oauth,
    certificates,
    tls: inForce.tls(),
    ready: async () => inForce.dependencies(),
    dependencyReaders,
  });
  inForce.follow(adapter.renewTls);
  const { url } = await adapter.listen();
  const close = () => {
    inForce.close();
    return adapter.close();
  };
  return { url, logged, close };
}

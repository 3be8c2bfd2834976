import { z } from "zod";
import { createHttpAdapter } from "../../src/adapters/http/adapter.ts";
import { createIdentify } from "../../src/adapters/http/identity.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/schema.ts";
import { defineTool } from "../../src/core/tool.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { openAuthenticator } from "../../src/open-authenticator.ts";
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
const whoami = defineTool({
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

/** The settings `auth`, parsed as those of a user. */
export async function authSettings(auth: unknown): Promise<Settings["auth"]> {
  const terminal = recordingTerminal();
  const env = { SLUICE_AUTH: JSON.stringify(auth) };
  const { settings } = await loadConfig({ argv: [], surroundings: { ...terminal.surroundings, env } });
  return settings.auth;
}

export async function startGuardedServer(
  auth: unknown,
  now: () => number = Date.now,
): Promise<GuardedServer> {
  const settings = await authSettings(auth);
  const logged: string[] = [];
  const log = createLog({ level: "info", write: (line) => logged.push(line) });
  const { issuer, scopes } = settings.jwt;
  const oauth = issuer === undefined ? undefined : { issuer, scopes, resource: settings.resource };
  const authenticator = await openAuthenticator(settings, log, now);
  const calls = testCalls([{ ...echoToolset, tools: [...echoToolset.tools, whoami] }]);
  const authenticate = createIdentify({ authenticator, log, oauth });
  const front = createMcpFront({
    calls,
    authenticate,
    serverInfo: { name: "sluice-test", version: "0" },
    taskTimes: { afterMs: 30, timeoutMs: 60_000, keepMs: 60_000 },
  });
  const adapter = createHttpAdapter({ front, calls, oauth, showsDependencies: false });
  const { url } = await adapter.listen();
  return { url, logged, close: () => adapter.close() };
}

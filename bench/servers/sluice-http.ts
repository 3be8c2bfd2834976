import { randomUUID } from "node:crypto";
import { createHttpAdapter } from "../../src/adapters/http/adapter.ts";
import { createRegistry } from "../../src/core/registry.ts";
import { unguarded } from "../../src/core/steps.ts";
import type { Lake } from "../../src/lake/lake.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { createCallLog } from "../../src/telemetry/call-log.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { announce } from "./announce.ts";
import { toolsAsked } from "./tool-set.ts";

/** Sluice as it is served, its log included. Nobody calls the lake's own tools here. */
const tools = toolsAsked();
const names = [...new Set(tools.map(({ toolset }) => toolset))];
const calls = {
  registry: createRegistry(
    names.map((name) => ({ name, title: name, tools: tools.filter(({ toolset }) => toolset === name) })),
  ),
  steps: { ...unguarded, observer: createCallLog(createLog({ level: "info" })) },
  services: { lake: {} as Lake },
  bounds: { maxBytes: 256 * 1024, maxRows: 10_000 },
  timeoutMs: 60_000,
  now: Date.now,
  newId: randomUUID,
};
const front = createMcpFront({ calls, serverInfo: { name: "sluice", version: "0.0.0" } });
const { port } = await createHttpAdapter({ front, calls }).listen();
announce(port);

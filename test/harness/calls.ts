import { randomUUID } from "node:crypto";
import type { CallPath } from "../../src/core/call.ts";
import { createRegistry, type Toolset } from "../../src/core/registry.ts";
import { unguarded } from "../../src/core/steps.ts";
import { echoToolset } from "./echo-toolset.ts";

/** A call path over test tools, with nothing in its way. */
export function testCalls(toolsets: readonly Toolset[] = [echoToolset]): CallPath {
  return {
    registry: createRegistry(toolsets),
    steps: unguarded,
    services: {} as CallPath["services"],
    bounds: { maxBytes: 256 * 1024, maxRows: 1000 },
    timeoutMs: 30_000,
    now: Date.now,
    newId: randomUUID,
  };
}

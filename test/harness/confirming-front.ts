import { confirmWrites } from "../../src/core/confirm-writes.ts";
import { createMemoryWriteRecords } from "../../src/core/memory-write-records.ts";
import { createMcpFront, type McpFront } from "../../src/mcp/front.ts";
import { testCalls } from "./calls.ts";
import { namedByHeader } from "./named-by-header.ts";
import { createSwitch, type Switch } from "./switch-toolset.ts";

/** A switch whose writes are confirmed, behind a front. `authorization` names the principal. */
export function confirmingFront(): { lamp: Switch; front: McpFront; calls: ReturnType<typeof testCalls> } {
  const lamp = createSwitch();
  const plain = testCalls([lamp.toolset]);
  const { now } = plain;
  const confirmer = confirmWrites({ keys: ["k".repeat(32)], records: createMemoryWriteRecords(now), now });
  const calls = { ...plain, steps: { ...plain.steps, confirmer } };
  const front = createMcpFront({
    calls,
    serverInfo: { name: "sluice-test", version: "0.0.0" },
    authenticate: namedByHeader,
  });
  return { lamp, front, calls };
}

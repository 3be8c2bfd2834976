import { createMcpFront, type McpFront, type McpFrontOptions } from "../../src/mcp/front.ts";
import { testCalls } from "./calls.ts";
import { watchedEcho } from "./echo-toolset.ts";
import { namedByHeader } from "./named-by-header.ts";

/** The test tools behind a front, without an adapter. */
export interface EchoFront extends McpFront {
  /** Codes of the faults so far, newest last. */
  faults(): string[];
  /** Texts of the `echo_slowly` calls whose handler has begun. */
  begun(): string[];
}

/** `authorization` names the principal: enough to tell callers apart, and no more than tests may do. */
export function echoFront(options: Partial<McpFrontOptions> = {}): EchoFront {
  const faults: string[] = [];
  const begun: string[] = [];
  const calls = testCalls([watchedEcho((text) => begun.push(text))]);
  const observer = {
    finished: (_call: unknown, outcome: { kind: string; fault?: { code: string } }) => {
      if (outcome.fault) faults.push(outcome.fault.code);
    },
    stepFailed: () => {},
  };
  const front = createMcpFront({
    calls: { ...calls, steps: { ...calls.steps, observer } },
    serverInfo: { name: "sluice-test", version: "0.0.0" },
    authenticate: namedByHeader,
    ...options,
  });
  return { ...front, faults: () => faults, begun: () => begun };
}

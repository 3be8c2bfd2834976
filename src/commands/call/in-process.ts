import { callTool } from "../../core/call.ts";
import { contractOf } from "../../core/contract.ts";
import { localPrincipal } from "../../core/principal.ts";
import type { Opened } from "../frame/open.ts";
import type { ArgumentSchema, ToolCaller } from "./tool-caller.ts";

/** Calls tools in this process, through the same call path as every adapter. */
export function createInProcessCaller({ deps, close }: Opened): ToolCaller {
  const { calls } = deps;
  return {
    close,
    async argumentsOf(name) {
      const found = calls.registry.find(name);
      if (!found) return undefined;
      const input = found.alias?.input ?? found.tool.input;
      return contractOf({ ...found.tool, input }).inputSchema as ArgumentSchema;
    },
    async call(name, args, { signal, progress }) {
      const result = await callTool(calls, {
        name,
        arguments: args,
        principal: localPrincipal,
        signal,
        progress,
      });
      if (result.kind === "unknown_tool") return { kind: "unknown_tool", suggestion: result.suggestion };
      if (result.kind === "failed") return { kind: "failed", fault: result.fault };
      return { kind: "completed", output: result.output };
    },
  };
}

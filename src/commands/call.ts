import { loadConfig } from "../config/load.ts";
import { confirmPlan } from "./call/confirm-plan.ts";
import { printAnswer } from "./call/print-answer.ts";
import { showProgress } from "./call/progress-line.ts";
import { readArguments } from "./call/read-arguments.ts";
import type { ToolCaller } from "./call/tool-caller.ts";
import { walkPages } from "./call/walk-pages.ts";
import { type CommandContext, defineCommand, type ExitCode } from "./frame/command.ts";
import { credentialHeaders, credentialOptions } from "./frame/credential.ts";
import { openDeps } from "./frame/open.ts";
import { stoppable } from "./frame/stop-signal.ts";
import { UsageError } from "./frame/usage-error.ts";

/** `sluice call`: one tool call from the terminal, in this process or on a server. */
export const call = defineCommand({
  name: "call",
  positionals: "<tool> [arguments..]",
  describePositionals: {
    tool: "A tool's name: sluice tools lists them",
    arguments: "A JSON object, key=value pairs, or - for JSON on standard input",
  },
  summary: "Calls one tool, here or on a server",
  options: {
    input: { type: "string", requiresArg: true, describe: "File with the arguments as JSON" },
    json: { type: "boolean", describe: "Print the structured result as JSON" },
    all: { type: "boolean", describe: "Follow the cursor to the end, one JSON object per line" },
    yes: { type: "boolean", describe: "Carry out what a tool plans to change, without a question" },
    url: { type: "string", requiresArg: true, describe: "Call it on the MCP server there" },
    ...credentialOptions,
    demo: { type: "boolean", describe: "Call it on the sample lake, in this process" },
  },
  examples: [
    ["sluice call lake_list_buckets", "In this process, with these settings"],
    [
      "sluice call lake_read_rows uri=s3://demo-lake/customers/customers.csv limit=5 --demo",
      "Arguments as words, on the sample lake",
    ],
    [`sluice call lake_query '{"sql":"SELECT 42 AS answer"}' --json`, "Arguments and result as JSON"],
    ["sluice call lake_list_sources --url http://127.0.0.1:8080/mcp", "On a running server"],
    [
      "sluice call lake_list_sources --url https://sluice.example.org/mcp --key secret://file/run/secrets/key",
      "On one that wants an API key",
    ],
  ],
  complete: completeTools,
  async run({ input: file, json, all, yes, url, key, token, demo, positionals }, context) {
    if (url !== undefined && demo) throw new UsageError("--url and --demo exclude each other.");
    const tool = String(positionals.tool);
    const words = [positionals.arguments ?? []].flat();
    const headers = await credentialHeaders({ key, token, url });
    return withCaller(context, { url, headers, demo: demo === true }, async (caller, signal) => {
      const args = await readArguments({ words, file }, () => caller.argumentsOf(tool), context.terminal);
      const callOnce = async (given: Record<string, unknown>) => {
        const progress = showProgress(context.terminal);
        const answer = await caller
          .call(tool, given, { signal, progress: progress.report })
          .finally(progress.end);
        // Whoever stopped the call need not be told that it was stopped.
        signal.throwIfAborted();
        return answer;
      };
      if (all) return walkPages(tool, args, callOnce, context.terminal);
      const confirm = { yes: yes === true, signal, terminal: context.terminal };
      const answer = await confirmPlan(args, callOnce, confirm);
      return printAnswer(tool, answer, json === true, context.terminal);
    });
  },
});

interface Where {
  url: string | undefined;
  /** What proves to the server there who calls. */
  headers: Record<string, string>;
  demo: boolean;
}

function withCaller(
  context: CommandContext,
  where: Where,
  work: (caller: ToolCaller, signal: AbortSignal) => Promise<ExitCode>,
): Promise<ExitCode> {
  return stoppable(async ({ signal }) => {
    const caller = await openCaller(context, where, signal);
    try {
      return await work(caller, signal);
    } finally {
      await caller.close();
    }
  });
}

async function openCaller(
  context: CommandContext,
  { url, headers, demo }: Where,
  signal: AbortSignal,
): Promise<ToolCaller> {
  if (url !== undefined) {
    if (!URL.canParse(url) || !/^https?:/.test(url))
      throw new UsageError(`--url: "${url}" is not an http:// or https:// URL.`);
    const { connectRemote } = await import("./call/remote.ts");
    return connectRemote({ url: new URL(url), headers }, signal);
  }
  const [{ createInProcessCaller }, opened] = await Promise.all([
    import("./call/in-process.ts"),
    openDeps(context, { demo, quietLevel: "error", signal }),
  ]);
  return createInProcessCaller(opened);
}

async function completeTools({ argv, terminal }: CommandContext): Promise<string[]> {
  const { settings } = await loadConfig({ argv, surroundings: terminal.surroundings });
  const { offeredRegistry } = await import("../assemble.ts");
  return offeredRegistry(settings).tools.map(({ name }) => name);
}

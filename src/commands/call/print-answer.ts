import { renderText } from "../../core/render.ts";
import type { ExitCode } from "../frame/command.ts";
import type { Terminal } from "../frame/terminal.ts";
import { UsageError } from "../frame/usage-error.ts";
import type { Answer } from "./tool-caller.ts";

/** Prints what a call came to: a readable form for people, or JSON for programs. Throws `UsageError` for no such tool. */
export function printAnswer(tool: string, answer: Answer, json: boolean, terminal: Terminal): ExitCode {
  switch (answer.kind) {
    case "completed":
      terminal.out(json ? JSON.stringify(answer.output) : renderText(answer.output));
      return 0;
    case "text":
      terminal.out(json ? JSON.stringify({ text: answer.text }) : answer.text);
      return 0;
    case "unknown_tool":
      throw new UsageError(
        `There is no tool "${tool}"${answer.suggestion ? `: did you mean "${answer.suggestion}"?` : ". See them with: sluice tools"}`,
      );
    case "failed":
      printFault(answer.fault, json, terminal);
      return 1;
  }
}

type Fault = Extract<Answer, { kind: "failed" }>["fault"];

/** Programs get the fault as `{"error": …}` on standard output. */
function printFault(fault: Fault, json: boolean, terminal: Terminal): void {
  if (json) {
    terminal.out(JSON.stringify({ error: fault }));
    return;
  }
  const { code, message, details = {}, retryable } = fault;
  terminal.err(`${code ?? "failed"}: ${message}`);
  if (Object.keys(details).length > 0) terminal.err(renderText(details));
  if (retryable) terminal.err("The same call may succeed later.");
}

import { confirmationRequestIn } from "../../core/confirmation-request.ts";
import { confirmationArgument } from "../../core/tool.ts";
import { planText } from "../../core/write-plan.ts";
import type { Terminal } from "../frame/terminal.ts";
import type { Answer } from "./tool-caller.ts";

export interface ConfirmOptions {
  /** Whether what is planned is carried out without a question. */
  yes: boolean;
  signal: AbortSignal;
  terminal: Terminal;
}

/**
 * Calls, and where the answer is a plan shows it and asks; on a yes calls again with the plan's token. Without somebody to
 * ask, the plan is the answer.
 */
export async function confirmPlan(
  args: Record<string, unknown>,
  callOnce: (args: Record<string, unknown>) => Promise<Answer>,
  { yes, signal, terminal }: ConfirmOptions,
): Promise<Answer> {
  const answer = await callOnce(args);
  const asked = answer.kind === "failed" ? confirmationRequestIn(answer.fault.details) : undefined;
  if (!asked) return answer;
  const canAsk = terminal.inIsTty && terminal.errIsTty;
  if (!yes && !canAsk) {
    terminal.err("Nothing was changed. To carry out what is planned without a question, give --yes.");
    return answer;
  }
  terminal.err(planText(asked.plan));
  if (!yes && !isYes(await terminal.ask("Carry it out? [y/N] ", signal)))
    return { kind: "failed", fault: { code: "denied", message: "Not carried out, as you said." } };
  return callOnce({ ...args, [confirmationArgument]: asked.confirmationToken });
}

function isYes(text: string): boolean {
  return /^\s*y(es)?\s*$/i.test(text);
}

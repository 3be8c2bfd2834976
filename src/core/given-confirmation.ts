import type { CallRequest } from "./call.ts";
import { isRecord } from "./record.ts";
import type { Call } from "./steps.ts";
import { confirmationArgument, type Tool } from "./tool.ts";

/**
 * The arguments of a call, and the confirmation it brings, which of a write may be among them. What a user answered goes
 * before. A token that is no text stays where it is, for the tool's schema to refuse.
 */
export function givenConfirmation(
  { effect }: Tool,
  { arguments: given, confirmation }: Pick<CallRequest, "arguments" | "confirmation">,
): Pick<Call, "rawArguments" | "confirmation"> {
  if (effect === "read" || !isRecord(given)) return { rawArguments: given, confirmation };
  const { [confirmationArgument]: token = null, ...rawArguments } = given;
  // Agents send an empty argument for one they have nothing for.
  if (token === null || token === "") return { rawArguments, confirmation };
  if (typeof token !== "string") return { rawArguments: given, confirmation };
  return {
    rawArguments,
    confirmation: confirmation?.token === undefined ? { by: "token", token } : confirmation,
  };
}

import {
  CLIENT_CAPABILITIES_META_KEY,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import type { CallResult } from "../core/call.ts";
import { confirmationRequestIn } from "../core/confirmation-request.ts";
import type { Confirmation } from "../core/steps.ts";
import { planText } from "../core/write-plan.ts";
import type { Era } from "./connection.ts";

/** Names the question in a request for input. */
const question = "confirm";

const capabilities = z.looseObject({
  elicitation: z.looseObject({ form: z.unknown(), url: z.unknown() }).partial().optional(),
});

/**
 * How the client of a request can confirm a write, and what it brings. What it brings is only taken where the same request
 * says that the client can ask its user. Source: MCP 2026-07-28, multi round-trip requests; 2025-06-18, elicitation, which
 * the SDK asks and brings in the same form.
 */
export function confirmationOf(server: Server, { mcpReq }: ServerContext, era: Era): Confirmation {
  const envelope: Record<string, unknown> = mcpReq.envelope ?? {};
  const declared = era === "modern" ? envelope[CLIENT_CAPABILITIES_META_KEY] : server.getClientCapabilities();
  if (!canShowForms(declared)) return { by: "token" };
  const token = mcpReq.requestState<unknown>();
  const said = inputResponse(mcpReq.inputResponses, question);
  if (typeof token !== "string" || said.kind !== "elicit") return { by: "user" };
  const isUnticked = said.action === "accept" && said.content?.[question] !== true;
  return { by: "user", token, answer: isUnticked ? "decline" : said.action };
}

/** An empty declaration means forms. */
function canShowForms(declared: unknown): boolean {
  const elicitation = capabilities.safeParse(declared).data?.elicitation;
  if (elicitation === undefined) return false;
  return elicitation.form !== undefined || elicitation.url === undefined;
}

/** The question that a call's result asks of the user; undefined where it asks none, or nobody can be asked. */
export function questionOf(result: CallResult, { by }: Confirmation): InputRequiredResult | undefined {
  const asked =
    by === "user" && result.kind === "failed" ? confirmationRequestIn(result.fault.details) : undefined;
  if (!asked) return undefined;
  return inputRequired({
    inputRequests: {
      [question]: inputRequired.elicit({
        message: planText(asked.plan),
        requestedSchema: {
          type: "object",
          properties: { [question]: { type: "boolean", title: "Carry it out" } },
          required: [question],
        },
      }),
    },
    requestState: asked.confirmationToken,
  });
}

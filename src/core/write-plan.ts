import { escapeCharacters } from "./escape.ts";
import type { Tool } from "./tool.ts";

/** One thing a write would change. Texts, to be read by whoever confirms. */
export interface PlannedChange {
  what: string;
  /** What it is now; left out where there is nothing, or it is not known. */
  from?: string;
  to?: string;
}

/** What a write would do, found out without doing it. */
export interface WritePlan {
  /** One sentence. */
  summary: string;
  changes: readonly PlannedChange[];
  /** Of AWS, where it is known. */
  account?: string;
  region?: string;
  reversible: boolean;
  /** A digest that stays the same as long as nothing does that the plan rests on. */
  stateSeen: string;
  /**
   * A digest of what the write makes, the same before it acted and after. Run again with the same one, the write must have no
   * second effect, whatever became of the first. Left out: it is not run again.
   */
  repeatableAs?: string;
}

/** A plan as callers see it, at most 3,000 characters of JSON. */
export interface ShownPlan extends Omit<WritePlan, "stateSeen" | "repeatableAs"> {
  tool: string;
  /** Changes left out, as they are too many or too long. */
  moreChanges?: number;
}

const maxTextChars = 400;
const maxSummaryChars = 300;
/** Faults, which carry plans, hold 4,000, and would leave out all of one's details: the token has to fit in too. */
const maxPlanChars = 3_000;

/** The plan of a tool that makes none: its title, arguments and effect. */
export function plainPlan({ title, effect }: Tool, input: Record<string, unknown>): WritePlan {
  const changes = Object.entries(input).map(([name, value]) => ({
    what: `argument ${name}`,
    to: typeof value === "string" ? value : (JSON.stringify(value) ?? ""),
  }));
  return { summary: title, changes, reversible: effect !== "destroy", stateSeen: "" };
}

/** The plan with long texts cut, and without the changes that have no room. */
export function shownPlan(
  { name }: Tool,
  { stateSeen: _, repeatableAs: _of, ...plan }: WritePlan,
): ShownPlan {
  const changes = plan.changes.map(({ what, from, to }) => ({
    what: cut(what, maxTextChars),
    ...(from === undefined ? {} : { from: cut(from, maxTextChars) }),
    ...(to === undefined ? {} : { to: cut(to, maxTextChars) }),
  }));
  const shown: ShownPlan = { tool: name, ...plan, summary: cut(plan.summary, maxSummaryChars), changes };
  let kept = changes.length;
  while (kept > 0 && JSON.stringify({ ...shown, changes: changes.slice(0, kept) }).length > maxPlanChars)
    kept--;
  if (kept === changes.length) return shown;
  return { ...shown, changes: changes.slice(0, kept), moreChanges: changes.length - kept };
}

/**
 * A plan as people read it. Each text stays in its line and shows what it hides: none can add a line that reads as the
 * plan's own, or turn its words around.
 */
export function planText({
  tool,
  summary,
  changes,
  account,
  region,
  reversible,
  moreChanges,
}: ShownPlan): string {
  const place = [
    ...(account === undefined ? [] : [`account ${account}`]),
    ...(region === undefined ? [] : [`region ${region}`]),
  ];
  return [
    `${tool}: ${inLine(summary)}`,
    ...changes.map(changeText),
    ...(moreChanges === undefined ? [] : [`- and ${moreChanges} more`]),
    ...(place.length > 0 ? [`In ${place.join(", ")}.`] : []),
    reversible ? "It can be undone." : "It cannot be undone.",
  ].join("\n");
}

function changeText({ what, from, to }: PlannedChange): string {
  const name = inLine(what);
  const then = to === undefined ? undefined : inLine(to);
  if (from === undefined) return then === undefined ? `- ${name}` : `- ${name}: ${then}`;
  return `- ${name}: ${inLine(from)} → ${then ?? "nothing"}`;
}

function inLine(text: string): string {
  return escapeCharacters(text, /[\p{Cc}\p{Cf}\u2028\u2029]/gu, { "\n": "\\n", "\t": "\\t" });
}

export function cut(text: string, maxChars: number): string {
  return text.length <= maxChars
    ? text
    : `${text.slice(0, maxChars)}… (${text.length - maxChars} characters more)`;
}

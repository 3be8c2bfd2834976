import { z } from "zod";
import { count, durationMs } from "./fields.ts";

/** A number above zero, or `unlimited`. */
function bound({ whole }: { whole: boolean }) {
  const most = 1_000_000_000;
  return z.codec(z.union([z.string(), z.number()]), z.union([z.number(), z.literal("unlimited")]), {
    decode: (given, context) => {
      if (given === "unlimited") return given;
      const isNumber = typeof given === "number" || /^-?\d{1,12}(\.\d{1,6})?$/.test(given.trim());
      const amount = isNumber ? Number(given) : Number.NaN;
      const wrong = wrongBound(amount, { whole, most });
      if (wrong === undefined) return amount;
      context.issues.push({ code: "custom", message: `${JSON.stringify(given)} ${wrong}`, input: given });
      return z.NEVER;
    },
    encode: (amount) => amount,
  });
}

function wrongBound(amount: number, { whole, most }: { whole: boolean; most: number }): string | undefined {
  if (Number.isNaN(amount)) return "is neither a number nor unlimited";
  if (amount <= 0) return "is not above 0: tools.deny keeps a tool from being called at all";
  if (whole && !Number.isInteger(amount)) return "is not a whole number";
  if (amount < leastRate) return `is less than ${leastRate}`;
  return amount > most ? `is more than ${most}: write unlimited` : undefined;
}

/** One call in a thousand seconds. What comes seldomer is a matter for the day's count. */
const leastRate = 0.001;

const ratePerSecond = () => bound({ whole: false });
const perDay = () => bound({ whole: true });
const burst = () => count(1_000_000);

const override = z
  .strictObject({
    tool: z.string().min(1).optional(),
    tenant: z.string().min(1).optional(),
    ratePerSecond: ratePerSecond().optional(),
    burst: burst().optional(),
    perDay: perDay().optional(),
  })
  .superRefine(({ tool, tenant, ...bounds }, context) => {
    const refuse = (message: string) => context.addIssue({ code: "custom", message });
    if (tool === undefined && tenant === undefined) refuse("names neither a tool nor a tenant");
    if (Object.values(bounds).every((one) => one === undefined))
      refuse("sets no bound: give ratePerSecond, burst or perDay");
    else if (tool !== undefined && bounds.ratePerSecond === undefined && bounds.perDay === undefined)
      refuse("sets a burst with no ratePerSecond");
  });

/** A rate over many callers has no burst that would suit all: it is named. */
const tenantTotal = z
  .strictObject({
    tenant: z.string().min(1).optional(),
    ratePerSecond: ratePerSecond().optional(),
    burst: burst().optional(),
    perDay: perDay().optional(),
  })
  .superRefine(({ ratePerSecond, burst, perDay }, context) => {
    const refuse = (message: string) => context.addIssue({ code: "custom", message });
    if (ratePerSecond === undefined && perDay === undefined)
      refuse("sets no bound: give ratePerSecond with burst, or perDay");
    if (burst !== undefined && typeof ratePerSecond !== "number")
      refuse("sets a burst with no ratePerSecond");
    if (burst === undefined && typeof ratePerSecond === "number")
      refuse("sets a ratePerSecond with no burst: say how many calls of the tenant may come at once");
  });

/** `limits`: how often each principal may call, and how many calls run at once. */
export const limitSettings = z
  .strictObject({
    ratePerSecond: ratePerSecond()
      .default(10)
      .describe(
        "Calls a second of each principal, such as 0.5, or unlimited; of the local user only where it is set",
      ),
    burst: burst().default(5).describe("Calls of a principal that may come at once after a pause"),
    perDay: perDay()
      .default(1_000)
      .describe("Calls a day (UTC) of each principal, or unlimited; of the local user only where it is set"),
    concurrency: count(10_000).default(100).describe("Calls that run at once in one process"),
    queue: z
      .int()
      .min(0)
      .max(100_000)
      .default(200)
      .describe("Calls that may wait for one of these places; further ones are refused at once"),
    queueMs: durationMs().default(10_000).describe("How long a call may wait for a place"),
    streams: count(100_000)
      .default(1_000)
      .describe("Event streams that are open at once in one process, of subscriptions and sessions"),
    streamsPerPrincipal: count(100_000)
      .default(16)
      .describe("How many of them may be one principal's; the local user's only where it is set"),
    overrides: z
      .array(override)
      .superRefine(refuseTwins)
      .default([])
      .describe(
        "Bounds of one tool, beside the others, or for a tenant's principals, in their place: objects of tool, tenant, ratePerSecond, burst, perDay",
      ),
    tenantTotals: z
      .array(tenantTotal)
      .superRefine(refuseTwins)
      .default([])
      .describe(
        "Bounds that all principals of a tenant share, beside their own: objects of tenant (left out: each tenant), ratePerSecond with burst, perDay",
      ),
  })
  .prefault({});

function refuseTwins(
  entries: readonly { tool?: string | undefined; tenant?: string | undefined }[],
  context: z.RefinementCtx,
): void {
  const seen = new Set<string>();
  for (const [index, { tool, tenant }] of entries.entries()) {
    const name = JSON.stringify([tool, tenant]);
    const message = "is about the same tool and tenant as one before";
    if (seen.has(name)) context.addIssue({ code: "custom", path: [index], message });
    seen.add(name);
  }
}

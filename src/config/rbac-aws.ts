import { z } from "zod";
import { parseEcsCluster } from "../core/ecs-cluster.ts";

/** A number is none of these: YAML would have dropped zeros at its beginning. */
const quoted = z.string({
  error: ({ input }) =>
    typeof input === "number" || typeof input === "boolean"
      ? "must be in quotes, or YAML changes it"
      : undefined,
});

const account = quoted.regex(/^\d{12}$/, {
  error: ({ input }) => `${JSON.stringify(input)} is no account: 12 digits, in quotes`,
});

const region = quoted.regex(/^[a-z]{2,}(?:-[a-z0-9]+)+$/, {
  error: ({ input }) => `${JSON.stringify(input)} is no region's name, such as eu-west-1`,
});

const cluster = quoted.refine((text) => parseEcsCluster(text) !== undefined, {
  error: ({ input }) =>
    `${JSON.stringify(input)} is neither the name of an ECS cluster nor its ARN, arn:aws:ecs:region:account:cluster/name`,
});

/** Source: Tagging AWS Resources, "Tag naming limits". */
const tagKey = z.string().min(1).max(128);
const tagValue = quoted.max(256);
const tagValues = z.codec(z.union([tagValue, z.array(tagValue).min(1)]), z.array(z.string()), {
  decode: (given) => (typeof given === "string" ? [given] : given),
  encode: (values) => values,
});

/** Limits of AWS resources. A list with nothing in it is more likely a mistake than meant. */
export const awsLimits = {
  accounts: z.array(account).min(1).optional().describe("AWS accounts: 12 digits, in quotes"),
  regions: z.array(region).min(1).optional().describe("AWS regions"),
  ecsClusters: z.array(cluster).min(1).optional().describe("ECS clusters by name or ARN"),
  tags: z
    .record(tagKey, tagValues)
    .refine((tags) => Object.keys(tags).length > 0, { error: "names no tag: leave it out" })
    .optional()
    .describe("Tags and their values, exactly: one value or a list of them for each key"),
};

export function limitsSomething(limits: object): boolean {
  return Object.values(limits).some((limit) => limit !== undefined);
}

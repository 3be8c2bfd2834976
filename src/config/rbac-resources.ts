import { isAbsolute, normalize } from "node:path";
import { z } from "zod";
import { splitDottedName } from "../core/dotted-name.ts";
import { allowedBucket, catalogTable } from "./fields.ts";
import { members } from "./members.ts";
import { awsLimits, limitsSomething } from "./rbac-aws.ts";

const bucket = allowedBucket.refine(({ prefix }) => !/(^|\/)\.{1,2}(\/|$)/.test(prefix), {
  error: "has . or .. in its prefix: nothing is ever read under it",
});

const localRoot = z
  .string()
  .min(1)
  .refine((text) => isAbsolute(text) || !text.includes("/"), {
    error: "is neither the name of a folder of lake.localRoots nor an absolute path",
  })
  .refine((text) => !isAbsolute(text) || normalize(text) === text, {
    error: "must be written without //, . and ..",
  });

const catalogName = z.discriminatedUnion("catalog", [
  z.object({ catalog: z.literal("databricks"), names: z.array(z.string()) }),
  z.object({ catalog: z.literal("athena"), database: z.string(), table: z.string() }),
]);

/** As tools name what is in catalogs: `databricks://catalog.schema`, `athena://database.*`. */
const catalog = z.codec(z.string(), catalogName, {
  decode: (text, context) => {
    const [, scheme, name = ""] = /^(databricks|athena):\/\/(.+)$/.exec(text) ?? [];
    const names = scheme === "databricks" ? splitDottedName(name) : undefined;
    if (names) return { catalog: "databricks" as const, names };
    const table = scheme === "athena" ? catalogTable.safeDecode(name).data : undefined;
    if (table) return { catalog: "athena" as const, ...table };
    const message = `${JSON.stringify(text)} is neither databricks://catalog, .schema or .schema.table, nor athena://database.table or database.*`;
    context.issues.push({ code: "custom", message, input: text });
    return z.NEVER;
  },
  encode: (name) =>
    name.catalog === "athena"
      ? `athena://${name.database}.${name.table}`
      : `databricks://${name.names.join(".")}`,
});

/** What a role reaches. A kind that is left out is none of it. */
export const roleResources = members({
  buckets: z.array(bucket).default([]).describe("name, or name/prefix/"),
  localRoots: z.array(localRoot).default([]).describe("Name of a local root, or the path of a folder in one"),
  catalogs: z.array(catalog).default([]).describe("databricks://catalog.schema.table, athena://database.*"),
  ...awsLimits,
  deny: members(awsLimits)
    .refine(limitsSomething, { error: "names nothing: leave it out" })
    .optional()
    .describe(
      "AWS resources not to be had by whoever has this role: what matches any of it; wins over every allow",
    ),
});

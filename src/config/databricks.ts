import { z } from "zod";
import { splitDottedName } from "../core/dotted-name.ts";
import { sizeBytes } from "./fields.ts";
import { isLoopback } from "./loopback.ts";

/** `*`, `catalog`, `catalog.schema` or `catalog.schema.table`: what of Unity Catalog may be read. Parsed: its parts. */
const allowedTables = z.codec(z.string(), z.array(z.string()), {
  decode: (text, context) => {
    const parts = text === "*" ? [] : splitDottedName(text);
    if (parts && !parts.includes("*")) return parts;
    const message = `${JSON.stringify(text)} is not *, catalog, catalog.schema or catalog.schema.table`;
    context.issues.push({ code: "custom", message, input: text });
    return z.NEVER;
  },
  encode: (parts) => (parts.length === 0 ? "*" : parts.join(".")),
});

/** `https://host[:port]`; `http` on loopback only, as the token travels in each request. Parsed: the origin. */
const workspaceUrl = z.codec(z.string(), z.string(), {
  decode: (text, context) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const wrong = wrongUrl(url);
    if (wrong) context.issues.push({ code: "custom", message: wrong, input: text });
    return url?.origin ?? text;
  },
  encode: (origin) => origin,
});

function wrongUrl(url: URL | undefined): string | undefined {
  if (!url) return "is not a URL such as https://dbc-1234.cloud.databricks.com";
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname)))
    return "must start with https://";
  if (url.username !== "" || url.password !== "") return "must not hold credentials";
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "")
    return "must name the host alone, nothing behind it";
  return undefined;
}

/** An identifier that is put into paths. */
const plainId = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, { error: "holds letters, digits, - and _ only" });

const headerText = z
  .string()
  .regex(/^[\x21-\x7e]+$/, { error: "holds blanks or other characters no token has" });

export const databricksSettings = z
  .strictObject({
    host: workspaceUrl
      .optional()
      .describe("URL of the Databricks workspace; left out, Databricks is not used"),
    token: headerText.optional().meta({ description: "Access token; best as secret://…", writeOnly: true }),
    clientId: headerText.optional().describe("Service principal's application id, in place of a token"),
    clientSecret: headerText.optional().meta({
      description: "The service principal's OAuth secret; best as secret://…",
      writeOnly: true,
    }),
    warehouseId: plainId
      .optional()
      .describe("SQL warehouse that runs statements; left out, tables are read from their files alone"),
    allow: z
      .array(allowedTables)
      .default([])
      .describe(
        "What may be read: catalog, catalog.schema, catalog.schema.table, or * for all the principal may read",
      ),
    maxResultBytes: sizeBytes(1024)
      .refine((bytes) => bytes <= mostResultBytes, {
        error: "may be 24MB at most, or Databricks gives no result",
      })
      .default(16 * 1024 ** 2)
      .describe("Bytes of one statement's result, as Databricks counts them"),
  })
  .prefault({});

/** Databricks drops inline results of more than 25 MiB. Source: Statement Execution API, disposition `INLINE`. */
const mostResultBytes = 24 * 1024 ** 2;

/** What is wrong with the group as a whole: which setting of it, and why. */
export function wrongDatabricks({
  host,
  token,
  clientId,
  clientSecret,
  ...rest
}: z.output<typeof databricksSettings>): { setting: string; message: string } | undefined {
  const hasAny = token ?? clientId ?? clientSecret ?? rest.warehouseId ?? rest.allow[0];
  if (host === undefined) {
    return hasAny === undefined ? undefined : { setting: "host", message: "is missing: the workspace's URL" };
  }
  if (token !== undefined && (clientId !== undefined || clientSecret !== undefined)) {
    return { setting: "token", message: "and clientId are two ways to sign in: set one of them" };
  }
  if (token === undefined && (clientId === undefined || clientSecret === undefined)) {
    return { setting: "token", message: "is missing: set it, or clientId and clientSecret" };
  }
  if (rest.allow.length === 0) {
    return { setting: "allow", message: "is empty: nothing of Databricks could be read. Name what may be" };
  }
  return undefined;
}

import { z } from "zod";
import {
  formatDurationMs,
  formatSizeBytes,
  parseDurationMs,
  parseSizeBytes,
  QuantityError,
} from "./quantities.ts";

interface Quantity {
  parse(text: string): number;
  /** What `parse` reads back. */
  format(amount: number): string;
  least: number;
  most: number;
}

/** A codec of a quantity: users write a number or a text with a unit, the program gets a number. */
function quantity({ parse, format, least, most }: Quantity) {
  return z.codec(z.union([z.string(), z.int()]), z.int(), {
    decode: (given, context) => {
      const refuse = (message: string) => {
        context.issues.push({ code: "custom", message, input: given });
        return z.NEVER;
      };
      try {
        const amount = typeof given === "number" ? given : parse(given);
        if (amount < least) return refuse(`must be at least ${format(least)}`);
        return amount > most ? refuse(`may be ${format(most)} at most`) : amount;
      } catch (thrown) {
        if (thrown instanceof QuantityError) return refuse(thrown.message);
        throw thrown;
      }
    },
    encode: format,
  });
}

/** Bytes; written as a number or `256KB`. */
export function sizeBytes(least = 1) {
  return quantity({ parse: parseSizeBytes, format: formatSizeBytes, least, most: Number.MAX_SAFE_INTEGER });
}

/** The longest wait of Node's timers; beyond it they fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Milliseconds; written as a number or `30s`. */
export function durationMs(least = 1) {
  return quantity({ parse: parseDurationMs, format: formatDurationMs, least, most: longestTimerMs });
}

/** A whole number from one on. */
export function count(most: number) {
  return z.int().min(1).max(most);
}

const bucketName = /^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** `name` or `name/prefix/`: a bucket that may be read, or one prefix of it. Source: S3 "Bucket naming rules". */
export const allowedBucket = z.codec(z.string(), z.object({ bucket: z.string(), prefix: z.string() }), {
  decode: (text, context) => {
    const slash = text.indexOf("/");
    const bucket = slash < 0 ? text : text.slice(0, slash);
    const prefix = slash < 0 ? "" : text.slice(slash + 1);
    const wrong = wrongBucket(text, bucket, prefix);
    if (wrong) context.issues.push({ code: "custom", message: wrong, input: text });
    return { bucket, prefix };
  },
  encode: ({ bucket, prefix }) => (prefix === "" ? bucket : `${bucket}/${prefix}`),
});

function wrongBucket(text: string, bucket: string, prefix: string): string | undefined {
  if (/^s3:/i.test(text))
    return `write the bucket without its scheme: ${JSON.stringify(text.replace(/^s3:\/*/i, ""))}`;
  if (/^arn:/i.test(text)) return "bucket ARNs are not in this version: write the bucket's name";
  if (!bucketName.test(bucket)) return `${JSON.stringify(bucket)} is not a bucket name`;
  if (prefix !== "" && !prefix.endsWith("/")) {
    return `the prefix ${JSON.stringify(prefix)} must end in "/", or it would also match its name twins: ${JSON.stringify(`${text}/`)}`;
  }
  return undefined;
}

const rootName = /^[A-Za-z0-9_-]+$/;

/** `path` or `name=path`: a local folder that may be read. A path alone is named after its last part. */
export const localRoot = z.codec(z.string(), z.object({ name: z.string(), path: z.string() }), {
  decode: (text, context) => {
    const root = splitLocalRoot(text);
    const name = root.name ?? root.path.split(/[\\/]/).findLast((part) => part !== "") ?? "";
    if (name === "" || root.path === "") {
      context.issues.push({
        code: "custom",
        message: `${JSON.stringify(text)} names no folder: write a path, or name=path`,
        input: text,
      });
    }
    return { name, path: root.path };
  },
  encode: ({ name, path }) => `${name}=${path}`,
});

/** Takes `name=path` apart. A path that itself holds `=` in its first part is written `./a=b`. */
export function splitLocalRoot(text: string): { name?: string; path: string } {
  const equals = text.indexOf("=");
  const name = text.slice(0, Math.max(equals, 0));
  return rootName.test(name) ? { name, path: text.slice(equals + 1) } : { path: text };
}

/** An `http(s)://host[:port]` with no credentials in it, which would end up in logs. */
export const endpointUrl = z.string().superRefine((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    context.addIssue({ code: "custom", message: "is not an http:// or https:// URL" });
  } else if (url.username !== "" || url.password !== "") {
    context.addIssue({
      code: "custom",
      message: "must not hold credentials: the AWS SDK's own chain finds them",
    });
  }
});

/** A host as a `Host` header has it, without its port: a name, an IPv4 address, or an IPv6 address in brackets. */
export const hostName = z.string().superRefine((text, context) => {
  if (/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)$/i.test(text)) return;
  context.addIssue({
    code: "custom",
    message: `${JSON.stringify(text)} would match no Host header: write each name (lake.example.org) or address (10.0.0.5, [fd00::5]), with no scheme, port, path or *`,
  });
});

/** A browser origin: scheme, host and port, nothing behind. */
export const originUrl = z.string().superRefine((text, context) => {
  if (URL.canParse(text) && new URL(text).origin === text.toLowerCase()) return;
  context.addIssue({
    code: "custom",
    message: `${JSON.stringify(text)} is not an origin such as https://app.example.org`,
  });
});

/** `database.table` or `database.*`: what may be read of the Glue catalog, which keeps names in small letters. */
export const catalogTable = z.codec(z.string(), z.object({ database: z.string(), table: z.string() }), {
  decode: (text, context) => {
    const [database = "", table = "", ...more] = text.toLowerCase().split(".");
    const isWrong = more.length > 0 || database === "" || table === "" || /[*$@"]/.test(database);
    if (isWrong || (table !== "*" && /[*$@"]/.test(table))) {
      context.issues.push({
        code: "custom",
        message: `${JSON.stringify(text)} is not database.table or database.*`,
        input: text,
      });
    }
    return { database, table };
  },
  encode: ({ database, table }) => `${database}.${table}`,
});

/** Source: DynamoDB developer guide, "Naming rules". */
export const tableName = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{3,255}$/, { error: "is not the name of a DynamoDB table" });

/** Where DynamoDB is asked for a table. */
export const dynamoDbPlace = {
  region: z.string().min(1).optional().describe("AWS region; left out, the AWS SDK's own chain finds it"),
  endpoint: endpointUrl.optional().describe("URL of a server that speaks DynamoDB's protocol"),
};

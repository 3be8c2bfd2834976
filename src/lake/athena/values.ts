import type { ColumnInfo } from "@aws-sdk/client-athena";
import type { Column } from "../sql/engine.ts";
import { exactJson } from "../sql/worker/exact-json.ts";

/** A column of a result: its type as docs/types.md names it, and how its texts become values. */
export interface ResultColumn extends Column {
  /** Of a type whose text cannot be read back exactly, the type; such a value stays Athena's text. */
  opaque?: string;
  value(text: string): unknown;
}

const asText = (text: string): unknown => text;

const plainTypes: Record<string, { type: string; value(text: string): unknown }> = {
  boolean: { type: "BOOLEAN", value: (text) => (text === "true" ? true : text === "false" ? false : text) },
  tinyint: { type: "TINYINT", value: wholeNumber },
  smallint: { type: "SMALLINT", value: wholeNumber },
  integer: { type: "INTEGER", value: wholeNumber },
  int: { type: "INTEGER", value: wholeNumber },
  bigint: { type: "BIGINT", value: wholeNumber },
  real: { type: "FLOAT", value: floating },
  float: { type: "FLOAT", value: floating },
  double: { type: "DOUBLE", value: floating },
  char: { type: "VARCHAR", value: asText },
  varchar: { type: "VARCHAR", value: asText },
  string: { type: "VARCHAR", value: asText },
  uuid: { type: "UUID", value: asText },
  date: { type: "DATE", value: asText },
  time: { type: "TIME", value: shortFraction },
  "time with time zone": { type: "TIME WITH TIME ZONE", value: shortFraction },
  timestamp: { type: "TIMESTAMP", value: timestamp },
  "timestamp with time zone": { type: "TIMESTAMP WITH TIME ZONE", value: zonedTimestamp },
  varbinary: { type: "BLOB", value: blob },
  json: { type: "JSON", value: exactJson },
  unknown: { type: '"NULL"', value: asText },
};

/**
 * How a column of GetQueryResults is read. Athena gives every value as text: exact for all but arrays, maps, rows and
 * what has no type here, whose text has no quotes around what it holds. Source: Athena ColumnInfo, "Data types".
 */
export function resultColumn({
  Name = "",
  Type = "",
  Precision = 0,
  Scale = 0,
}: Partial<ColumnInfo>): ResultColumn {
  const base = Type.toLowerCase()
    .replace(/\([\s\S]*$/, "")
    .trim();
  if (base === "decimal") return { name: Name, type: `DECIMAL(${Precision},${Scale})`, value: asText };
  const known = Object.hasOwn(plainTypes, base) ? plainTypes[base] : undefined;
  return known ? { name: Name, ...known } : { name: Name, type: "VARCHAR", opaque: Type, value: asText };
}

function wholeNumber(text: string): unknown {
  const value = Number(text);
  return Number.isSafeInteger(value) && String(value) === text ? value : text;
}

function floating(text: string): unknown {
  const value = Number(text);
  return Number.isFinite(value) && text.trim() !== "" ? value : text;
}

/** `03:04:05.500` → `03:04:05.5` */
function shortFraction(text: string): string {
  return text.replace(
    /(:\d\d)(\.\d+)/,
    (_, seconds: string, fraction: string) => seconds + fraction.replace(/\.?(?<!0)0+$/, ""),
  );
}

function timestamp(text: string): string {
  return shortFraction(text.replace(/^(-?\d+-\d\d-\d\d) /, "$1T"));
}

const zoned = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)? (?:UTC|Z|([+-])(\d\d):(\d\d))$/;

/** In UTC where the zone is an offset; a named zone stays as it is, as it has hours that come twice. */
function zonedTimestamp(text: string): string {
  const [, date, time, fraction = "", sign, hours = "0", minutes = "0"] = zoned.exec(text) ?? [];
  if (date === undefined) return text;
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === "-" ? -1 : 1);
  const utc = new Date(Date.parse(`${date}T${time}Z`) - offsetMs).toISOString().slice(0, 19);
  return `${shortFraction(`${utc}${fraction}`)}Z`;
}

/** Athena writes bytes as `61 62 0a`. */
function blob(text: string): unknown {
  if (!/^(?:[0-9a-f]{2}(?: [0-9a-f]{2})*)?$/i.test(text)) return text;
  const bytes = Buffer.from(text.replaceAll(" ", ""), "hex");
  return { base64: bytes.toString("base64"), sizeBytes: bytes.length };
}

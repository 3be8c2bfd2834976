import { exactJson } from "../sql/worker/exact-json.ts";
import type { SparkType } from "./spark-type.ts";

const whole = new Set(["byte", "tinyint", "short", "smallint", "int", "integer", "long", "bigint"]);
const floating = new Set(["real", "float", "double"]);
const zoned = new Set(["timestamp", "timestamp_ltz"]);

/**
 * A value of a `JSON_ARRAY` result (text, or `null`) as docs/types.md has it. What is not of its type's form stays
 * the text it came as. Source: Statement Execution API, `format=JSON_ARRAY`.
 */
export function sparkValue(given: unknown, type: SparkType): unknown {
  if (given === null || given === undefined) return null;
  if (type.kind === "scalar") return scalarValue(given, type);
  const value = typeof given === "string" ? parseJson(given) : given;
  if (type.kind === "array") {
    return Array.isArray(value) ? value.map((item) => sparkValue(item, type.element)) : given;
  }
  if (typeof value !== "object" || value === null) return given;
  if (type.kind === "map") return mapValue(value, type) ?? given;
  if (Array.isArray(value)) return given;
  const found = new Map<string, unknown>(Object.entries(value));
  const known = type.fields.map(({ name, type: field }) => [name, sparkValue(found.get(name), field)]);
  return Object.fromEntries(known);
}

/** Keys need not be text, so a map is a list of pairs. Databricks writes it as an object. */
function mapValue(value: object, { key, value: member }: Extract<SparkType, { kind: "map" }>): unknown {
  if (Array.isArray(value)) return undefined;
  return Object.entries(value).map(([name, item]) => ({
    key: sparkValue(name, key),
    value: sparkValue(item, member),
  }));
}

function scalarValue(given: unknown, { name }: Extract<SparkType, { kind: "scalar" }>): unknown {
  const text = typeof given === "string" ? given : JSON.stringify(given);
  if (whole.has(name)) return wholeNumber(text);
  if (floating.has(name)) return floatingNumber(text);
  if (name === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (name === "binary") return blob(text);
  if (name === "variant") return parseJson(text) ?? text;
  if (zoned.has(name) || name === "timestamp_ntz") return instant(text);
  return text;
}

function wholeNumber(text: string): unknown {
  const number = Number(text);
  return /^-?\d+$/.test(text) && Number.isSafeInteger(number) ? number : text;
}

function floatingNumber(text: string): unknown {
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith("-") ? "-Infinity" : "Infinity";
  if (/^nan$/i.test(text)) return "NaN";
  const number = Number(text);
  return text.trim() !== "" && Number.isFinite(number) ? number : text;
}

/** Without the zeros at a fraction's end; `Z` for UTC however it was written. */
function instant(text: string): string {
  const match = /^([+-]?\d{4,}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  if (!match) return text;
  const [, day, time, fraction = "", zone = ""] = match;
  const isUtc = zone === "+00:00" || zone === "-00:00";
  return `${day}T${time}${fraction.replace(/\.?(?<!0)0+$/, "")}${isUtc ? "Z" : zone}`;
}

function blob(text: string): unknown {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return text;
  return { base64: text, sizeBytes: Buffer.from(text, "base64").length };
}

function parseJson(text: string): unknown {
  try {
    return exactJson(text);
  } catch {
    return undefined;
  }
}

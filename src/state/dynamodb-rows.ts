import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { checkKey } from "./bounds.ts";
import type { StateKey } from "./store.ts";

/**
 * An item as the table has it: a counter or a value. `expires_ms` is exact; `expires_at`, in seconds, is what
 * DynamoDB's TTL removes by, up to days late.
 */
export type Row = ({ count: number } | { value: string }) & { expiresMs: number };

type Attributes = Record<string, AttributeValue>;

/** The primary key: the tenant is the partition, so that `dynamodb:LeadingKeys` can confine it. */
export function keyOf(key: StateKey): Attributes {
  checkKey(key);
  return { tenant_id: { S: key.tenantId }, item: { S: key.name } };
}

/** Everything of an item but its key. */
export function attributesOf(row: Row): Attributes {
  const kept: Attributes = "count" in row ? { count: numberOf(row.count) } : { value: { S: row.value } };
  return { ...kept, ...expiryOf(row.expiresMs) };
}

/** When an item ends, in both forms. */
export function expiryOf(expiresMs: number): Attributes {
  return { expires_ms: numberOf(expiresMs), expires_at: numberOf(Math.ceil(expiresMs / 1000)) };
}

export function numberOf(value: number): AttributeValue {
  return { N: String(value) };
}

/** `undefined` where there is no item, or it ended by `nowMs`. */
export function liveRow(attributes: Attributes | undefined, nowMs: number): Row | undefined {
  const expiresMs = Number(attributes?.expires_ms?.N ?? 0);
  if (!attributes || expiresMs <= nowMs) return undefined;
  const { count, value } = attributes;
  return count?.N === undefined
    ? { value: value?.S ?? "", expiresMs }
    : { count: Number(count.N), expiresMs };
}

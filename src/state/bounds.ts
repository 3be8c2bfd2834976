import type { StateItem, StateKey } from "./store.ts";

/** Bytes of a value in UTF-8. */
export const maxValueBytes = 64 * 1024;
/** Of a tenant's id or of an item's name, in UTF-8. Source: DynamoDB allows 2,048 for the first and 1,024 for the second. */
export const maxKeyBytes = 1_024;

/** Throws `RangeError` for a key that not every store takes. */
export function checkKey({ tenantId, name }: StateKey): void {
  for (const part of [tenantId, name]) {
    if (/\p{Surrogate}/u.test(part)) throw new RangeError("A state key holds half a character.");
    const sizeBytes = Buffer.byteLength(part);
    if (sizeBytes < 1 || sizeBytes > maxKeyBytes)
      throw new RangeError(`A state key's part has ${sizeBytes} bytes; 1 to ${maxKeyBytes} are allowed.`);
  }
}

/** Throws `RangeError` for what a store does not keep. */
export function checkItem({ value }: Pick<StateItem, "value">): void {
  const sizeBytes = Buffer.byteLength(value);
  if (sizeBytes > maxValueBytes)
    throw new RangeError(`A state value has ${sizeBytes} bytes; ${maxValueBytes} are allowed.`);
}

/** From here on UTF-16, which strings are compared by, is in another order than UTF-8. */
const laterUnits = /[\ud800-\uffff]/;

/** Compares texts by the bytes of UTF-8: below zero where `left` comes first, zero where they are the same. */
export function compareUtf8(left: string, right: string): number {
  if (laterUnits.test(left) || laterUnits.test(right)) {
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  }
  return left < right ? -1 : left > right ? 1 : 0;
}

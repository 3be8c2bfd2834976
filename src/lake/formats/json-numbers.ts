const minInt64 = -(2n ** 63n);
const maxUint64 = 2n ** 64n - 1n;
/** The smallest double of full precision. */
const minNormal = 2.2250738585072014e-308;
/** More digits than this no double tells apart. */
const maxSignificantDigits = 17;
/** Any integer of so many digits fits in 64 bits. */
const safeIntegerDigits = 18;

/**
 * Whether a JSON number keeps its value in a 64-bit integer (signed or not) or, with a fraction or exponent, in
 * a double: no more than 17 significant digits, not past its range. `undefined`: the bytes are no JSON number.
 */
export function numberFits(bytes: Buffer, start: number, end: number): boolean | undefined {
  const whole = bytes[start] === 0x2d ? start + 1 : start;
  const afterWhole = afterDigits(bytes, whole, end);
  const wholeDigits = afterWhole - whole;
  if (wholeDigits === 0 || (wholeDigits > 1 && bytes[whole] === 0x30)) return undefined;
  if (afterWhole === end) return wholeDigits <= safeIntegerDigits || integerFits(bytes, start, end);
  const afterFraction = afterPart(bytes, afterWhole, end);
  if (afterFraction === undefined) return undefined;
  if (afterFraction === end && end - whole - 1 <= maxSignificantDigits) return true;
  const isWhole = afterFraction === end || isExponent(bytes, afterFraction, end);
  return isWhole ? decimalFits(bytes.toString("latin1", start, end)) : undefined;
}

function afterDigits(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && (bytes[at] as number) >= 0x30 && (bytes[at] as number) <= 0x39) at += 1;
  return at;
}

/** Past `.123`, where there is one; `undefined` for a point with nothing behind it. */
function afterPart(bytes: Buffer, at: number, end: number): number | undefined {
  if (bytes[at] !== 0x2e) return at;
  const behind = afterDigits(bytes, at + 1, end);
  return behind === at + 1 ? undefined : behind;
}

function isExponent(bytes: Buffer, at: number, end: number): boolean {
  if (bytes[at] !== 0x65 && bytes[at] !== 0x45) return false;
  const sign = at + 1 < end && (bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d);
  const digits = sign ? at + 2 : at + 1;
  return digits < end && afterDigits(bytes, digits, end) === end;
}

function integerFits(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > safeIntegerDigits + 3) return false;
  const value = BigInt(bytes.toString("latin1", start, end));
  return value >= minInt64 && value <= maxUint64;
}

function decimalFits(text: string): boolean {
  const mantissa = text.replace(/[eE][\s\S]*$/, "").replace(/[-.]/g, "");
  const significant = mantissa.replace(/^0+/, "").replace(/(?<!0)0+$/, "");
  if (significant.length > maxSignificantDigits) return false;
  const value = Math.abs(Number(text));
  return significant === "" || (value >= minNormal && value < Number.POSITIVE_INFINITY);
}

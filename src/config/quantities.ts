/** What is wrong with a text that should have been a quantity. Shown to whoever wrote the setting. */
export class QuantityError extends Error {}

const byteUnits = [
  ["TB", 1024 ** 4],
  ["GB", 1024 ** 3],
  ["MB", 1024 ** 2],
  ["KB", 1024],
  ["B", 1],
] as const;

const msUnits = [
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;

type Units = readonly (readonly [string, number])[];

/** Bytes of `256KB`, `1.5 GB`, `2GiB` or `1024`. KB, MB, GB and TB are powers of 1024. Throws `QuantityError`. */
export function parseSizeBytes(text: string): number {
  return parse(text, byteUnits, "a size", "bytes, or 256KB, 2GB");
}

/** Milliseconds of `250ms`, `30s`, `1.5m`, `2h` or `30000`. Throws `QuantityError`. */
export function parseDurationMs(text: string): number {
  return parse(text, msUnits, "a duration", "milliseconds, or 250ms, 30s, 5m, 1h");
}

/** The shortest exact text `parseSizeBytes` reads back. */
export function formatSizeBytes(sizeBytes: number): string {
  return format(sizeBytes, byteUnits);
}

/** The shortest exact text `parseDurationMs` reads back. */
export function formatDurationMs(durationMs: number): string {
  return format(durationMs, msUnits);
}

function parse(text: string, units: Units, what: string, forms: string): number {
  const match = /^(\d{1,16}(?:\.\d{1,6})?)\s*([a-z]*)$/i.exec(text.trim());
  const unit = units.find(([name]) => name.toLowerCase() === match?.[2]?.toLowerCase().replace("ib", "b"));
  if (!match || (match[2] && !unit))
    throw new QuantityError(`${JSON.stringify(text)} is not ${what}: write ${forms}`);
  const amount = Number(match[1]) * (unit?.[1] ?? 1);
  if (!Number.isSafeInteger(amount)) {
    throw new QuantityError(
      `${JSON.stringify(text)} is not a whole number of ${what === "a size" ? "bytes" : "milliseconds"}`,
    );
  }
  return amount;
}

function format(amount: number, units: Units): string {
  const unit = units.find(([, factor]) => amount !== 0 && amount % factor === 0);
  return unit ? `${amount / unit[1]}${unit[0]}` : String(amount);
}

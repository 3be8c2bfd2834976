const mebibyte = 1 << 20;
const tebibyte = 1024 ** 4;

/** Least Athena bills for a query that reads data. Source: Athena pricing, "10 MB minimum per query". */
const leastBilledBytes = 10 * mebibyte;

/**
 * Bytes billed for bytes scanned: rounded up to the next megabyte, 10 at least; nothing for a query that scans nothing.
 * Source: Athena pricing, "SQL queries". Capacity reservations are billed by time and not by this.
 */
export function billedBytes(scannedBytes: number): number {
  if (scannedBytes === 0) return 0;
  return Math.max(leastBilledBytes, Math.ceil(scannedBytes / mebibyte) * mebibyte);
}

/** US dollars for bytes billed, to a millionth. */
export function costUsd(bytesBilled: number, usdPerTib: number): number {
  return Math.round((bytesBilled / tebibyte) * usdPerTib * 1e6) / 1e6;
}

/** To be said wherever a cost is: the price is the setting's, not AWS's answer. */
export function priceNote(usdPerTib: number): string {
  return `costUsd is bytes scanned (rounded up to the megabyte, 10 MB at least) at lake.athena.usdPerTib = ${usdPerTib} US dollars a tebibyte: an assumption, not AWS's bill.`;
}

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

/** What a statement would be billed that is to scan so many bytes: 10 MB at least, as who asks beforehand must not be told too little. */
export function estimatedBill(
  scanBytes: number,
  usdPerTib: number,
): { bytesBilled: number; costUsd: number } {
  const bytesBilled = billedBytes(Math.max(1, scanBytes));
  return { bytesBilled, costUsd: costUsd(bytesBilled, usdPerTib) };
}

/** US dollars for bytes billed, to a millionth. */
export function costUsd(bytesBilled: number, usdPerTib: number): number {
  return Math.round((bytesBilled / tebibyte) * usdPerTib * 1e6) / 1e6;
}

/** To be said wherever a cost is: the price is the setting's, not AWS's answer. */
export function priceNote(usdPerTib: number): string {
  return `costUsd is bytes scanned (rounded up to the megabyte, 10 MB at least) at lake.athena.usdPerTib = ${usdPerTib} US dollars a tebibyte: an assumption, not AWS's bill.`;
}

/** To be said where Athena was not asked: it is not set up, or has no table of the files. */
export function supposedBillNote(usdPerTib: number, isSetUp: boolean): string {
  const why = isSetUp ? "Athena's catalog has no such table here" : "Athena is not set up here";
  return `${why}: bytesBilled and costUsd are what it would bill were the files a table of its catalog. ${priceNote(usdPerTib)}`;
}

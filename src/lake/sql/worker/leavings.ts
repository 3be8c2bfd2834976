import { DuckDBInstance } from "@duckdb/node-api";
import { memoryHeld } from "./memory-held.ts";

/** Addresses that steps may leave behind, which the next one may not be able to use. */
const mostLeftBytes = 64 << 20;

/**
 * Counts what the steps before a statement leave behind, and has it given back where it is much: to bind a CSV file of
 * 10,000 columns takes 400 MiB of addresses, for each view and statement anew. Only where the system counts addresses.
 */
export function countLeavings(): () => Promise<void> {
  let leastBytes = dataBytes();
  return async () => {
    const heldBytes = dataBytes();
    leastBytes = Math.min(leastBytes, heldBytes);
    if (heldBytes <= leastBytes + mostLeftBytes) return;
    // To close an instance, any, has the allocator give back all that it keeps.
    const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    instance.closeSync();
  };
}

function dataBytes(): number {
  return memoryHeld().dataBytes ?? 0;
}

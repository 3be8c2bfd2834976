import { type ReadRecord, type SealedRecord, sealRecord } from "../../src/audit/record/record.ts";

/** The records anew from a line on, with right hashes: what somebody can do who may write the journal. */
export function resealed(
  lines: readonly string[],
  from: number,
  change: (record: ReadRecord) => ReadRecord,
): string[] {
  const read = lines.map((line) => JSON.parse(line) as ReadRecord);
  let previous = { sequence: from - 1, hash: read[from - 2]?.hash ?? "" };
  return lines.map((line, index) => {
    if (index < from - 1) return line;
    const {
      hash: _hash,
      previousHash: _previous,
      format: _format,
      ...fields
    } = change(read[index] as ReadRecord);
    const sealed: SealedRecord = sealRecord(fields.chain, fields, previous);
    previous = sealed;
    return sealed.line;
  });
}

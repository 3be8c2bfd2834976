/** One line of a stream, or the note that one was longer than allowed and was skipped. */
export type Line = { bytes: Buffer; tooLong?: never } | { tooLong: true; bytes?: never };

/**
 * Cuts a byte stream into lines of at most `maxBytes`. A longer one is dropped as it comes, so that memory
 * stays bounded, and told of once.
 */
export function createLineSplitter(maxBytes: number): (chunk: Buffer) => Line[] {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let skipping = false;
  const hold = (part: Buffer) => {
    heldBytes += part.length;
    if (heldBytes > maxBytes) skipping = true;
    if (skipping) held = [];
    else held.push(part);
  };
  const finish = (): Line => {
    const line: Line = skipping ? { tooLong: true } : { bytes: Buffer.concat(held) };
    held = [];
    heldBytes = 0;
    skipping = false;
    return line;
  };
  return (chunk) => {
    const lines: Line[] = [];
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      hold(chunk.subarray(from, at));
      lines.push(finish());
      from = at + 1;
    }
    if (from < chunk.length) hold(chunk.subarray(from));
    return lines;
  };
}

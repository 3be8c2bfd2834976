/** What a statement is asked, and about how much memory it then takes. */
interface Sized {
  memoryBytes: number;
}

/** `items`, in their order, in parts of one at least that fit into `memoryBytes` and are at most `maxItems` each. */
export function inPasses<Item extends Sized>(
  items: readonly Item[],
  memoryBytes: number,
  maxItems = Number.POSITIVE_INFINITY,
): Item[][] {
  const passes: Item[][] = [];
  let leftBytes = 0;
  for (const item of items) {
    const last = passes.at(-1);
    if (last && last.length < maxItems && item.memoryBytes <= leftBytes) last.push(item);
    else {
      passes.push([item]);
      leftBytes = memoryBytes;
    }
    leftBytes -= item.memoryBytes;
  }
  return passes;
}

/** `items` in parts of `perPass`, of one at least. */
export function inPasses<Item>(items: readonly Item[], perPass: number): Item[][] {
  const size = Math.max(1, Math.floor(perPass));
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  );
}

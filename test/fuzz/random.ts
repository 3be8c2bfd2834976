/** Random choices that a seed and a path of numbers repeat: the same ones on every machine. */
export interface Choices {
  /** An integer from 0 up to and without `limit`. */
  below(limit: number): number;
  of<T>(items: readonly T[]): T;
  /** True `percent` times in a hundred. */
  chance(percent: number): boolean;
  /** Between `least` and `most` of the items, each at most once, in random order. */
  some<T>(items: readonly T[], least: number, most: number): T[];
}

/** Choices of their own for every `path`: query 17 of seed 5 is `choices(5, 17)`, whatever was asked before it. */
export function choices(seed: number, ...path: number[]): Choices {
  let state = [seed, ...path].reduce((mixed, part) => mix(mixed ^ mix(part + 0x9e37)), 0x2545f491);
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    return mix(state) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  const of = <T>(items: readonly T[]): T => {
    const item = items[below(items.length)];
    if (item === undefined) throw new RangeError("There is nothing to choose from.");
    return item;
  };
  const some = <T>(items: readonly T[], least: number, most: number): T[] => {
    const left = [...items];
    const count = Math.min(items.length, least + below(most - least + 1));
    return Array.from({ length: count }, () => left.splice(below(left.length), 1)).flat();
  };
  return { below, of, chance: (percent) => below(100) < percent, some };
}

/** The finaliser of MurmurHash3, 32 bits. */
function mix(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

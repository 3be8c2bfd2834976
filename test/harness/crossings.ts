import type { Figures } from "./figures.ts";

/** What was seen of what belongs to tenants, by where it was. */
export interface Crossings {
  /** Something that is `owner`'s to see, and the tenants it speaks of. */
  look(place: string, owner: string | undefined, tenants: readonly string[]): void;
  /** Where one was given what is another's. */
  found: string[];
  /** How much was looked at, how much of it spoke of its own tenant, and how often of another. */
  figures(): Figures;
}

/** Whose canaries and files a text speaks of. `secret.csv` is left out: that name is what others ask for. */
export function spokenOf(text: string): string[] {
  const names = [...text.matchAll(/canary-(t\d+)-|s3:\/\/lake\/(t\d+)\/(?!secret)/g)];
  return [...new Set(names.map(([, canary, file]) => canary ?? file ?? ""))];
}

export function createCrossings(): Crossings {
  const places = new Map<string, { looked: number; own: number; crossed: number }>();
  const found: string[] = [];
  return {
    found,
    look(place, owner, tenants) {
      const counts = places.get(place) ?? { looked: 0, own: 0, crossed: 0 };
      places.set(place, counts);
      counts.looked++;
      if (tenants.some((one) => one === owner)) counts.own++;
      const others = tenants.filter((one) => one !== owner);
      if (others.length === 0) return;
      counts.crossed++;
      found.push(`${place}: ${owner} of ${others.join(", ")}`);
    },
    figures: () =>
      Object.fromEntries(
        [...places].flatMap(([place, { looked, own, crossed }]) => [
          [place, looked],
          [`${place}: that speak of their own tenant`, own],
          [`${place}: that speak of another`, crossed],
        ]),
      ),
  };
}

import { appendFileSync } from "node:fs";

/** What was counted, by what it is called on the page. Texts where a number needs its unit. */
export type Figures = Record<string, number | string>;

/** Prints what a test measured, and hands it to `npm run prove`, which names a file for it. Call it once all of it held. */
export function tellFigures(figures: Figures): void {
  console.log(
    Object.entries(figures)
      .map(([what, figure]) => `${what}: ${figure}`)
      .join("; "),
  );
  const path = process.env.PROOF_FIGURES;
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(figures)}\n`);
}

/** How often each of these is there, by its name, in the order of the names. */
export function counted(prefix: string, names: readonly string[]): Figures {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort().map(([name, count]) => [`${prefix}${name}`, count]));
}

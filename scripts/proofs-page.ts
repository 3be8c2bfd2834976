import type { Figures } from "../test/harness/figures.ts";
import { type Proof, proofs } from "./proofs.ts";

/** What a proof's tests measured when all of them held. */
export interface ProofRun {
  proof: Proof;
  figures: Figures;
  seed: number;
  ranOn: Date;
  tookMs: number;
}

const head = `# What was proved, and how often

Written by \`npm run prove -- --write\`, which runs the tests below at the size given here; \`npm test\` runs them smaller.
\`--only <name>\` runs one, and writes its part of the page anew. Every figure is counted by the test, and a part
is only written where all that the test expects held. What the guards cost is in [guard-performance.md](guard-performance.md).
`;

/** The page with these runs' parts in place of its own. Parts of what is no proof any more go. */
export function proofsPage(current: string, runs: readonly ProofRun[]): string {
  const parts = new Map(
    current
      .split(/^(?=## )/m)
      .slice(1)
      .map((part) => [titleOf(part), part.trimEnd()]),
  );
  for (const run of runs) parts.set(run.proof.title, partOf(run));
  const inOrder = proofs.flatMap(({ title }) => parts.get(title) ?? []);
  return `${[head.trimEnd(), ...inOrder].join("\n\n")}\n`;
}

function titleOf(part: string): string {
  return /^## (.*)$/m.exec(part)?.[1] ?? "";
}

function partOf({ proof, figures, seed, ranOn, tookMs }: ProofRun): string {
  const { name, title, about, isSeeded } = proof;
  const bySeed = isSeeded ? ` --seed ${seed}` : "";
  const rows = Object.entries(figures).map(([what, figure]) => `| ${what} | ${shown(figure)} |`);
  return `## ${title}

${about}

Measured on ${ranOn.toISOString().slice(0, 10)} with Node ${process.versions.node}${isSeeded ? ` and seed ${seed}` : ""} in ${Math.round(tookMs / 1000)} s: \`npm run prove -- --only ${name}${bySeed}\`

| What | Seen |
|---|--:|
${rows.join("\n")}`;
}

function shown(figure: number | string): string {
  return typeof figure === "number" ? figure.toLocaleString("en-US") : figure;
}

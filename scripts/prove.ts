import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Figures } from "../test/harness/figures.ts";
import { type Proof, proofs } from "./proofs.ts";
import { type ProofRun, proofsPage } from "./proofs-page.ts";

/** Runs tests at full size, one after the other, and with --write puts what they counted into docs/proofs.md. */
const usage = `Usage: npm run prove -- [options]

  --only <name>   ${proofs.map(({ name }) => name).join(" | ")}; may be given more than once (default: all)
  --seed <n>      decides what happens (default: another one each time, printed)
  --write         put the figures into docs/proofs.md

Exit code 1: something did not hold. Its part of the page is left as it is.
`;
const root = join(import.meta.dirname, "..");
const page = join(root, "docs", "proofs.md");

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: proofs.map(({ name }) => name) },
    seed: { type: "string", default: String(Date.now() % 1e9) },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const unknown = values.only.filter((only) => !proofs.some(({ name }) => name === only));
if (values.help || unknown.length > 0 || !Number.isSafeInteger(seed) || seed < 0) {
  (values.help ? process.stdout : process.stderr).write(usage);
  process.exit(values.help ? 0 : 2);
}

console.log(`seed ${seed}`);
const failed: string[] = [];
for (const proof of proofs.filter(({ name }) => values.only.includes(name))) {
  const run = await prove(proof);
  if (!run) failed.push(proof.name);
  else if (values.write) {
    const current = await readFile(page, "utf8").catch(() => "");
    await writeFile(page, proofsPage(current, [run]));
  }
}
console.log(failed.length > 0 ? `did not hold: ${failed.join(", ")}` : "all held");
process.exitCode = failed.length > 0 ? 1 : 0;

/** Undefined where it did not hold, or nothing was counted. */
async function prove(proof: Proof): Promise<ProofRun | undefined> {
  console.log(`\n${proof.name}: ${proof.title}`);
  const folder = await mkdtemp(join(tmpdir(), "sluice-proofs-"));
  const figuresPath = join(folder, "figures");
  const startedMs = performance.now();
  try {
    if ((await runTests(proof, figuresPath)) !== 0) return undefined;
    const lines = (await readFile(figuresPath, "utf8").catch(() => "")).split("\n").filter((line) => line);
    const figures: Figures = Object.assign({}, ...lines.map((line) => JSON.parse(line) as Figures));
    if (lines.length === 0) return undefined;
    return { proof, figures, seed, ranOn: new Date(), tookMs: performance.now() - startedMs };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runTests({ files, tests, env }: Proof, figuresPath: string): Promise<number | null> {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", ...files, ...(tests === undefined ? [] : ["-t", tests])];
  const seeds = {
    SLUICE_TEST_SEED: String(seed),
    SLUICE_FUZZ_SEED: String(seed),
    TENANTS_SEED: String(seed),
  };
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env, ...seeds, PROOF_FIGURES: figuresPath },
    stdio: "inherit",
  });
  await once(child, "close");
  return child.exitCode;
}

// Bundles the server: one file that starts fast, chunks for what is loaded only when needed, and the query
// worker and the demo's data generator as programs of their own. Native modules stay outside.
import { chmod, rm } from "node:fs/promises";
import { build } from "esbuild";

await rm("dist", { recursive: true, force: true });
const started = performance.now();
const options = {
  outdir: "dist",
  bundle: true,
  splitting: true,
  minifySyntax: true,
  // Names are those the bundle gives, here and there with a 2 behind: to keep them (keepNames) takes a call for each function
  // that is made, of which one request of the AWS SDK makes some hundred.
  platform: "node",
  format: "esm",
  target: "node20.19",
  chunkNames: "chunks/[name]-[hash]",
  // The AWS SDK as ES modules: a chunk of CommonJS has no named exports when it is imported at run time.
  mainFields: ["module", "main"],
  banner: {
    // Bundled CommonJS modules still call require() for Node's own modules.
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  logLevel: "warning",
};

await build({
  ...options,
  entryPoints: {
    main: "src/main.ts",
    lambda: "src/lambda.ts",
    "demo-generator": "src/demo/data/generator-process.ts",
  },
  external: ["@duckdb/node-api", "@duckdb/node-bindings"],
});
// The worker takes the binding's JavaScript with it: one file instead of two hundred, and so a faster start.
await build({
  ...options,
  entryPoints: { "query-worker": "src/lake/sql/worker/main.ts" },
  external: ["@duckdb/node-bindings"],
});
await chmod("dist/main.js", 0o755);
process.stderr.write(`Built dist/ in ${Math.round(performance.now() - started)} ms.\n`);

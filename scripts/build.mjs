// Bundles the server: one file that starts fast, chunks for what is loaded only when needed, and the query
// worker and the demo's data generator as programs of their own. Native modules stay outside.
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { build } from "esbuild";

await rm("dist", { recursive: true, force: true });
const started = performance.now();
const options = {
  outdir: "dist",
  bundle: true,
  splitting: true,
  minifySyntax: true,
  keepNames: true,
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
  write: false,
};

/**
 * Classes keep their names, which is what code asks for. Functions go by those that the bundle gives them: to name each of
 * them takes as long as much of a request of the AWS SDK, which makes some hundred for every one.
 */
const naming = '__name = (target, value) => __defProp(target, "name", { value, configurable: !0 })';
const namingClasses = naming
  .replace("value)", "value, isClass)")
  .replace("__defProp(", "isClass ? __defProp(")
  .concat(" : target");
let isNamed = false;

function namedClasses(text) {
  isNamed ||= text.includes(naming);
  return text.replace(naming, namingClasses).replace(/\b__name\(this, ("[^"]*")\)/g, "__name(this, $1, !0)");
}

async function bundle(own) {
  const { outputFiles } = await build({ ...options, ...own });
  for (const { path, text } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, namedClasses(text));
  }
}

await bundle({
  entryPoints: {
    main: "src/main.ts",
    lambda: "src/lambda.ts",
    "demo-generator": "src/demo/data/generator-process.ts",
  },
  external: ["@duckdb/node-api", "@duckdb/node-bindings"],
});
// The worker takes the binding's JavaScript with it: one file instead of two hundred, and so a faster start.
await bundle({
  entryPoints: { "query-worker": "src/lake/sql/worker/main.ts" },
  external: ["@duckdb/node-bindings"],
});
if (!isNamed) throw new Error("esbuild names functions in another way than before: see naming.");
await chmod("dist/main.js", 0o755);
process.stderr.write(`Built dist/ in ${Math.round(performance.now() - started)} ms.\n`);

import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";

/** Inside the project, so that what stays outside the bundles is found in node_modules. */
const outdir = join(import.meta.dirname, "..", ".cache", "bench");

/** Builds the product as `npm run build` does, and tells where its program is: what is measured is what is there now. */
export async function buildProduct(): Promise<string> {
  const root = join(import.meta.dirname, "..");
  await promisify(execFile)(process.execPath, ["scripts/build.mjs"], { cwd: root });
  return join(root, "dist", "main.js");
}

const shared = {
  outdir,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20.19",
  outExtension: { ".js": ".mjs" },
  logLevel: "warning",
} as const;

const at = (name: string) => join(import.meta.dirname, `${name}.ts`);
const programAt = (name: string) => join(outdir, `${name}.mjs`);

/** Programs of the lake's benchmark. */
export async function bundleLakePrograms(): Promise<(name: string) => string> {
  await mkdir(outdir, { recursive: true });
  const names = ["generate", "s3-model", "duckdb", "polars"];
  await build({
    ...shared,
    packages: "external",
    entryPoints: Object.fromEntries(names.map((name) => [name, at(`lake/programs/${name}`)])),
  });
  return programAt;
}

/** What is Sluice is bundled as the product is; what is another's is run as its users run it, from node_modules. */
export async function bundlePrograms(): Promise<(name: string) => string> {
  await mkdir(outdir, { recursive: true });
  await build({
    ...shared,
    entryPoints: { "sluice-http": at("servers/sluice-http") },
    splitting: true,
    minifySyntax: true,
    chunkNames: "chunks/[name]-[hash]",
    mainFields: ["module", "main"],
    external: ["@duckdb/node-api", "@duckdb/node-bindings"],
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  });
  await build({
    ...shared,
    packages: "external",
    entryPoints: {
      "sdk-http": at("servers/sdk-http"),
      "sdk-stdio": at("servers/sdk-stdio"),
      "fastmcp-http": at("servers/fastmcp-http"),
      "fastmcp-stdio": at("servers/fastmcp-stdio"),
      load: at("load/main"),
      product: at("servers/product"),
    },
  });
  return programAt;
}

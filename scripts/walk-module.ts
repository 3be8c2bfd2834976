import { readFile } from "node:fs/promises";
import { join } from "node:path";
import wabt from "wabt";

/** The source of walk-module.ts: walk.wat, compiled. */
export async function walkModule(root: string): Promise<string> {
  const name = "walk.wat";
  const text = await readFile(join(root, "src", "lake", "sql", "scan", name), "utf8");
  const parsed = (await wabt()).parseWat(name, text);
  const { buffer } = parsed.toBinary({});
  parsed.destroy();
  return `// Compiled of walk.wat by npm run generate: WebAssembly, in base64.\nexport const walkModule =\n  "${Buffer.from(buffer).toString("base64")}";\n`;
}

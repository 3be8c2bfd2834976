import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generate } from "./generate.ts";

/**
 * Program of the short-lived process that makes the sample lake: its argument is an empty folder. The manifest is
 * written last, so a folder with one is whole. A process of its own gives the engine's memory back when it ends.
 */
const [, , folder] = process.argv;
if (folder === undefined) throw new Error("Give the folder to make the sample lake in.");
await writeFile(join(folder, "manifest.json"), `${JSON.stringify(await generate(folder), undefined, 1)}\n`);

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";

/** One source file with what it imports, both as paths from `src/`. */
export interface SourceFile {
  path: string;
  lines: number;
  text: string;
  /** Files of ours, from `src/`. */
  own: string[];
  /** Packages and Node's modules, as written. */
  outside: string[];
}

const importPattern = /(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)["']([^"']+)["']/gm;

/** Every file of `src/` that is not a test. */
export function readSources(root: string): SourceFile[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .map((path) => {
      const text = readFileSync(join(root, path), "utf8");
      const targets = [...text.matchAll(importPattern)].map((match) => match[1] ?? "");
      const own = targets
        .filter((target) => target.startsWith("."))
        .map((target) =>
          normalize(relative(root, join(root, dirname(path), target)))
            .split(sep)
            .join("/"),
        );
      return {
        path: path.split(sep).join("/"),
        lines: text.split("\n").length,
        text,
        own,
        outside: targets.filter((target) => !target.startsWith(".")),
      };
    });
}

/** The first folder of a path under `src/`; files directly in `src/` are the program itself. */
export function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : "program";
}

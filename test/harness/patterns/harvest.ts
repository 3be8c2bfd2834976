import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync, Visitor } from "oxc-parser";

/** A regular expression of the source, or a place that makes some as it runs. */
export interface Harvest {
  literals: { file: string; pattern: string; flags: string }[];
  /** Files that call `RegExp`. */
  makers: string[];
}

/** The regular expressions of all source below `folder`, tests left out. */
export function harvestPatterns(folder: string): Harvest {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !/\.(?:test|d)\.ts$/.test(name))
    .sort();
  const literals: Harvest["literals"] = [];
  const makers = new Set<string>();
  for (const file of files) {
    const { program } = parseSync(file, readFileSync(join(folder, file), "utf8"));
    const made = ({ callee }: { callee: { type: string } }) => {
      if (callee.type === "Identifier" && Reflect.get(callee, "name") === "RegExp") makers.add(file);
    };
    new Visitor({
      Literal(node) {
        if ("regex" in node) literals.push({ file, ...node.regex });
      },
      NewExpression: made,
      CallExpression: made,
    }).visit(program);
  }
  return { literals, makers: [...makers] };
}

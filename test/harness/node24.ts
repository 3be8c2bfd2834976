import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * A Node new enough for the official conformance suite (22): the one that runs the tests where it is, else the
 * binary of the npm package `node`. Its install script brings that binary; where scripts were not run, it is
 * run here. Throws when there is still none.
 */
export function nodeForConformance(): string {
  if (Number(process.versions.node.split(".")[0]) >= 22) return process.execPath;
  const folder = dirname(createRequire(import.meta.url).resolve("node/package.json"));
  const found = findBinary(folder);
  if (found) return found;
  spawnSync(process.execPath, ["installArchSpecificPackage"], { cwd: folder, stdio: "ignore" });
  const installed = findBinary(folder);
  if (!installed) throw new Error(`The package node has no binary in ${folder}. Run: npm rebuild node`);
  return installed;
}

function findBinary(folder: string): string | undefined {
  const prefix = process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node";
  const platform = `${prefix}-${process.platform}-${process.arch}`;
  const candidates = [
    join(folder, "bin/node"),
    join(folder, "node_modules", platform, "bin/node"),
    join(folder, "..", platform, "bin/node"),
  ];
  return candidates.find((path) => existsSync(path));
}

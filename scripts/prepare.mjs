// After an install: the package `node` is here for the conformance suite, which needs a newer Node. Its link
// would stand first on the PATH of every npm script and run all of them on that Node, so it goes.
import { rm } from "node:fs/promises";

await Promise.all(
  ["node", "node.cmd", "node.ps1"].map((name) => rm(`node_modules/.bin/${name}`, { force: true })),
);
await import("./build.mjs");

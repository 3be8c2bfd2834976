import { pathToFileURL } from "node:url";
import { tellCpu } from "./announce.ts";

// The built product as it is, which tells its processor time beside: `product.mjs <program> <its arguments>`.
tellCpu();
process.argv.splice(1, 1);
await import(pathToFileURL(process.argv[1] ?? "").href);

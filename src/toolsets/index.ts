import type { Toolset } from "../core/registry.ts";
import { lakeToolset } from "./lake/index.ts";

/** Every toolset there is. Settings choose among them. */
export const toolsets: readonly Toolset[] = [lakeToolset];

import type { ChildProcess } from "node:child_process";
import { jsonExchange } from "../children.ts";
import type { LoadRequest, LoadResult } from "./main.ts";

/** Sends load from a process of its own, one measurement after another. */
export interface Load {
  measure(request: LoadRequest): Promise<LoadResult>;
}

export function createLoad(child: ChildProcess): Load {
  const exchange = jsonExchange(child);
  return { measure: async (request) => (await exchange.ask(request)) as LoadResult };
}

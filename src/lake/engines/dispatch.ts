import { ToolError } from "../../core/errors.ts";
import type { DatasetRows, LakeQueryRequest, LakeQueryRows } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import { type EngineName, type RemoteEngine, type RemoteEngineName, remoteEngineNames } from "./engine.ts";

/** The engines one server has. */
export interface QueryEngines {
  local(request: LakeQueryRequest, scope: LakeScope): Promise<DatasetRows>;
  /** Those the settings set up. `auto` asks them in this order. */
  remote: readonly RemoteEngine[];
}

/**
 * Runs a statement on the engine asked for; without one, on the first remote engine that suits it, else here. A
 * cursor goes back to the engine that gave it out. Throws `invalid_input` for an engine that is not set up.
 */
export async function queryOnEngine(
  engines: QueryEngines,
  request: LakeQueryRequest,
  scope: LakeScope,
): Promise<LakeQueryRows> {
  const { cursor, ...first } = request;
  const marked = cursor === undefined ? undefined : takeMark(cursor);
  const engine = marked ? marked.engine : await choose(engines, request, scope);
  if (marked) checkSame(request, marked.engine);
  if (engine === "local") return { ...(await engines.local(request, scope)), engine };
  const remote = remoteEngine(engines, engine);
  const page = await remote.run(marked ? { ...first, cursor: marked.cursor } : first, scope);
  return { ...page, engine, ...(page.cursor === undefined ? {} : { cursor: `${engine}.${page.cursor}` }) };
}

/** The engine a cursor came from, which no cursor of the local one names, and what that engine called it. */
function takeMark(cursor: string): { engine: EngineName; cursor: string } {
  const dot = cursor.indexOf(".");
  if (dot < 0) return { engine: "local", cursor };
  const engine = remoteEngineNames.find((name) => name === cursor.slice(0, dot));
  if (engine) return { engine, cursor: cursor.slice(dot + 1) };
  throw new ToolError("invalid_input", "The cursor is not one this tool gave out. Call again without it.");
}

function checkSame({ engine = "auto" }: LakeQueryRequest, ofCursor: EngineName): void {
  if (engine === "auto" || engine === ofCursor) return;
  throw new ToolError(
    "invalid_input",
    `The cursor came from the engine ${ofCursor}; ${engine} was asked for. Give the same arguments with it.`,
  );
}

async function choose(
  { remote }: QueryEngines,
  request: LakeQueryRequest,
  scope: LakeScope,
): Promise<EngineName> {
  const { engine = "auto" } = request;
  if (engine !== "auto") return engine;
  for (const candidate of remote) if (await candidate.suits?.(request, scope)) return candidate.name;
  return "local";
}

function remoteEngine({ remote }: QueryEngines, name: RemoteEngineName): RemoteEngine {
  const engine = remote.find((one) => one.name === name);
  if (engine) return engine;
  throw new ToolError(
    "invalid_input",
    `The engine ${name} is not set up on this server: lake.${name} has no settings. Here are: ${["local", ...remote.map((one) => one.name)].join(", ")}.`,
    { details: { engine: name, setting: `lake.${name}` } },
  );
}

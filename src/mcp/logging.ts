import type { Server } from "@modelcontextprotocol/server";
import { z } from "zod";
import { loggingLevels } from "./client-log.ts";
import type { ServingUnit } from "./unit.ts";

const setLevelParams = z.looseObject({ level: z.enum(loggingLevels) });

/** logging/setLevel of the legacy revisions; modern requests carry their level in `_meta`. */
export function serveLogLevel(server: Server, unit: ServingUnit): void {
  if (unit.era === "modern") return;
  server.setRequestHandler("logging/setLevel", { params: setLevelParams }, async ({ level }) => {
    unit.logLevel = level;
    await unit.keepLogLevel?.(level);
    return {};
  });
}

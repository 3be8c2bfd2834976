import { z } from "zod";
import type { Place } from "../../lake/stores/store.ts";

/** A bucket or local folder that may be read. */
export const placeOut = z.object({
  name: z.string(),
  uri: z.string(),
  region: z.string().optional(),
  createdAt: z.string().optional(),
  prefixes: z.array(z.string()).optional().describe("Only these may be read"),
});

/** A place as `placeOut` has it; times in ISO 8601, UTC. */
export function placeResult({ name, uri, region, createdAt, prefixes }: Place): z.output<typeof placeOut> {
  return {
    name,
    uri,
    ...(region === undefined ? {} : { region }),
    ...(createdAt === undefined ? {} : { createdAt: createdAt.toISOString() }),
    ...(prefixes === undefined ? {} : { prefixes }),
  };
}

import type { Question } from "../question.ts";

/** In place of SQL: what Polars is asked otherwise. */
export const polarsSchema = "schema";
export const polarsProfile = "profile";

/** What to send to Polars for a question. */
export function polarsAsked({ tool, sql, polarsSql }: Question): string {
  if (tool === "lake_get_metadata") return polarsSchema;
  if (tool === "lake_profile_dataset") return polarsProfile;
  return polarsSql ?? sql;
}

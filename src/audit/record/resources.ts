import { isRecord } from "../../core/record.ts";
import { boundedText } from "./recorded-arguments.ts";

/** Arguments that name what a call acts on, whatever the toolset. */
const resourceName =
  /^(uris?|sources?|buckets?|keys?|arns?|file_?keys?|tables?|clusters?|services?|instances?|dashboards?|alarms?|logGroups?|taskDefinitions?|.+(Ids?|Arns?|Identifiers?|Names?))$/;

/** Places quoted in a statement: `'s3://bucket/key'`, `'/data/file.csv'`. A quote within is doubled, as SQL has it. */
const quotedPlace = /(['"])((?:[a-z][a-z0-9+-]{1,20}:)?\/(?:(?!\1)[^\r\n]|\1\1){1,1000})\1/gi;

const maxResources = 20;
const maxResourceChars = 512;

/**
 * Names of the resources that a call speaks of, each once, without secrets: `tables` that were held against what its
 * caller may read, and what its arguments name, as the caller wrote it.
 */
export function resourcesOf(given: unknown, tables: Iterable<string> = []): string[] {
  const shown = [...tables, ...namedIn(given)]
    .slice(0, 10 * maxResources)
    .map((text) => boundedText(text, maxResourceChars));
  return [...new Set(shown)].slice(0, maxResources);
}

function namedIn(given: unknown): string[] {
  if (!isRecord(given)) return [];
  const named = Object.entries(given)
    .filter(([name]) => resourceName.test(name))
    .flatMap(([, value]) => textsIn(value));
  const quoted = typeof given.sql === "string" ? placesIn(given.sql.slice(0, 100_000)) : [];
  return [...named, ...quoted];
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  const items = Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];
  return items
    .slice(0, maxResources)
    .filter((item): item is string => typeof item === "string" && item !== "");
}

function placesIn(sql: string): string[] {
  return [...sql.matchAll(quotedPlace)].map(([, quote = "", place = ""]) =>
    place.replaceAll(quote + quote, quote),
  );
}

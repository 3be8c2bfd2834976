import type { z } from "zod";
import { closest } from "./suggest.ts";

/** A caller can send any number of faults in one request: so many are worth telling, */
const maxIssues = 10;
/** so many unknown names of one kind, */
const maxNames = 10;
/** and suggestions only while a person could have mistyped them. */
const maxSuggested = 3;
const maxNameChars = 60;

/** What is wrong with arguments, in words, a line each. `known` are the argument names there are. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], known: readonly string[]): string[] {
  const told = issues.slice(0, maxIssues).map((issue) => describeIssue(issue, known));
  return issues.length > told.length ? [...told, `and ${issues.length - told.length} more`] : told;
}

function describeIssue(issue: z.core.$ZodIssue, known: readonly string[]): string {
  const where = issue.path.map((part) => clip(String(part))).join(".");
  if (issue.code !== "unrecognized_keys") return where ? `${where}: ${issue.message}` : issue.message;
  const suggestFrom = where || issue.keys.length > maxSuggested ? [] : known;
  const names = issue.keys.slice(0, maxNames).map((key) => {
    const near = closest(key, suggestFrom);
    return near ? `"${clip(key)}" (did you mean "${near}"?)` : `"${clip(key)}"`;
  });
  const more = issue.keys.length > names.length ? ` and ${issue.keys.length - names.length} more` : "";
  return `${where ? `${where}: ` : ""}unknown argument ${names.join(", ")}${more}`;
}

function clip(name: string): string {
  return name.length <= maxNameChars ? name : `${name.slice(0, maxNameChars)}…`;
}

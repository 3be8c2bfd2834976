import { join, resolve } from "node:path";
import type { Assignment } from "./assignment.ts";
import { splitLocalRoot } from "./fields.ts";

/** Settings that are one path. */
const singlePaths = [
  "lake.cache.dir",
  "rbac.file",
  "audit.journalDir",
  "audit.anchor",
  "auth.module",
  "auth.mtls.caFile",
  "auth.mtls.crlFile",
  "http.tls.certFile",
  "http.tls.keyFile",
];

/** Makes the paths in a source's settings absolute: `~` is the home folder, relative ones start at `folder`. */
export function absolutePaths(
  assignments: readonly Assignment[],
  folder: string,
  home: string,
): Assignment[] {
  const absolute = (path: string) => {
    if (path === "" || /^[a-z][a-z0-9+.-]+:\/\//i.test(path)) return path;
    return /^~(?=$|[\\/])/.test(path) ? join(home, path.slice(1)) : resolve(folder, path);
  };
  const root = (text: string) => {
    const { name, path } = splitLocalRoot(text);
    return name === undefined ? absolute(path) : `${name}=${absolute(path)}`;
  };
  return assignments.map((assignment) => {
    const { path, value } = assignment;
    if (singlePaths.includes(path) && typeof value === "string")
      return { ...assignment, value: absolute(value) };
    if (path !== "lake.localRoots" || !Array.isArray(value)) return assignment;
    return { ...assignment, value: value.map((item) => (typeof item === "string" ? root(item) : item)) };
  });
}

import { realpath } from "node:fs/promises";

/** Folders and files that no caller reads though a root may hold them: what the server keeps there is others' too. */
export interface PrivatePaths {
  /** Whether a path, all links in it resolved, is one of them or lies in one. */
  hold(realPath: string): Promise<boolean>;
}

/** `ignoreCase`: the file system may not tell upper and lower case apart. */
export function createPrivatePaths(paths: readonly string[], ignoreCase: boolean): PrivatePaths {
  const folded = (path: string) => (ignoreCase ? path.toLowerCase() : path);
  const known = new Map<string, string>();
  // One that is not there holds nothing, and may be made later.
  const realOf = async (path: string) => {
    const real = known.get(path) ?? (await realpath(path).catch(() => undefined));
    if (real !== undefined) known.set(path, real);
    return real;
  };
  return {
    async hold(realPath) {
      for (const path of paths) {
        const real = await realOf(path);
        if (real !== undefined && `${folded(realPath)}/`.startsWith(`${folded(real)}/`)) return true;
      }
      return false;
    },
  };
}

// Packages with native parts name one optional package per platform. A registry mirror may lack some of them;
// npm then leaves those out of package-lock.json, and `npm ci` refuses the file everywhere. This adds them back
// by name, version and platform, so that one lock file serves every platform. Run it after `npm install`.
import { readFile, writeFile } from "node:fs/promises";

const systems = [
  "android",
  "darwin",
  "freebsd",
  "linux",
  "openharmony",
  "win32",
  "aix",
  "netbsd",
  "openbsd",
  "sunos",
];
const processors = [
  "arm64",
  "x64",
  "ia32",
  "arm",
  "ppc64",
  "riscv64",
  "s390x",
  "loong64",
  "mips64el",
  "wasm32",
];

const lock = JSON.parse(await readFile("package-lock.json", "utf8"));
const added = {};
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === "") continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const isLocked = lock.packages[`node_modules/${name}`] ?? lock.packages[`${path}/node_modules/${name}`];
    const isExact = /^\d/.test(version);
    const platform = platformOf(name);
    if (isLocked || !isExact || !platform) continue;
    added[`node_modules/${name}`] = {
      version,
      ...platform,
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
    };
  }
}
const packages = Object.entries({ ...lock.packages, ...added }).sort(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(packages);
await writeFile("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
process.stderr.write(`Added ${Object.keys(added).length} platform packages to package-lock.json.\n`);

/** `@scope/binding-linux-arm64-musl` → its `os`, `cpu` and `libc`, or nothing where the name says none. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) => words.includes(processor));
  if (!os) return undefined;
  const libc = words.some((word) => word.startsWith("musl"))
    ? ["musl"]
    : words.includes("gnu")
      ? ["glibc"]
      : undefined;
  return { os: [os], ...(cpu ? { cpu: [cpu] } : {}), ...(libc ? { libc } : {}) };
}

/** Where an object, a folder or a prefix is, before anyone asked whether it may be read. */
export type Location =
  | { kind: "s3"; bucket: string /** Exact key or prefix, not decoded and not normalised. */; key: string }
  | { kind: "local" /** Absolute path as given. */; path: string };

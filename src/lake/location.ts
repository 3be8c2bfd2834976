/** Where an object, a folder or a prefix is, before anyone asked whether it may be read. */
export type Location =
  | {
      kind: "s3";
      bucket: string;
      /** Exact key or prefix, not decoded and not normalised. */
      key: string;
      /** Of a catalog's table: read with credentials that read this table alone. No caller's name leads to one. */
      tableId?: string;
    }
  | { kind: "local" /** Absolute path as given. */; path: string };

/** What is used of Node's own, which the types of Node leave to those of browsers. Source: WebAssembly JavaScript Interface. */
declare namespace WebAssembly {
  class Memory {
    readonly buffer: ArrayBuffer;
    constructor(descriptor: { initial: number });
    /** By pages of 64 KiB. Detaches what was taken of `buffer`. */
    grow(pages: number): number;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    readonly exports: Record<string, unknown>;
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
  }
}

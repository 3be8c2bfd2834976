/**
 * The binding decodes text with a plain `TextDecoder`, which drops U+FEFF at the start of every value. This
 * puts one in place that keeps it. Must be imported before the binding.
 */
export class KeepingTextDecoder extends globalThis.TextDecoder {
  constructor(...[label, options]: ConstructorParameters<typeof globalThis.TextDecoder>) {
    super(label, { ...options, ignoreBOM: true });
  }
}

globalThis.TextDecoder = KeepingTextDecoder;

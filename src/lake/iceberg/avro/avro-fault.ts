/** What is wrong with an Avro file, in words that follow its name. */
export class AvroFault extends Error {}

/** A way to compress blocks that is not read. */
export class UnknownCodec extends Error {
  readonly codec: string;

  constructor(codec: string) {
    super(`Avro's codec ${codec} is not read.`);
    this.codec = codec;
  }
}

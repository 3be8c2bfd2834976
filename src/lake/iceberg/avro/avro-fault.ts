/** What is wrong with an Avro file, in words that follow its name. */
export class AvroFault extends Error {}

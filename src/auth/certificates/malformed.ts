/** Bytes from outside that are not what they should be. Its message holds nothing of them. */
export class MalformedError extends Error {
  override name = "MalformedError";
}

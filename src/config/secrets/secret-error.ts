/** A problem with a `secret://` reference. Its message never holds the secret. */
export class SecretError extends Error {}

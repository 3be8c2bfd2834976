/** Milliseconds. */
export interface AwsTimeouts {
  connectMs: number;
  /** From sending a request to the first byte of its answer. */
  answerMs: number;
  /** Without a byte on an open connection. Default: `answerMs`. */
  idleMs?: number;
}

/**
 * What ends each attempt of a client of the AWS SDK. Left to itself the SDK waits for ever, warns where it could end, and does
 * neither once an answer has begun.
 */
export function awsTimeouts({ connectMs, answerMs, idleMs = answerMs }: AwsTimeouts) {
  return {
    connectionTimeout: connectMs,
    requestTimeout: answerMs,
    throwOnRequestTimeout: true,
    socketTimeout: idleMs,
  };
}

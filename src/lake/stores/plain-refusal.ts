import type { GetObjectCommandInput, S3Client } from "@aws-sdk/client-s3";
import { plainName } from "../../core/service-calls.ts";

type Answer = Awaited<ReturnType<S3Client["config"]["requestHandler"]["handle"]>>["response"];

/** S3's word that an object is not there, or not as it was asked for, with what the AWS SDK's own error would have. */
export class PlainRefusal extends Error {
  readonly $metadata: { httpStatusCode: number; requestId: string | undefined };

  constructor(code: string, { statusCode, headers }: Answer) {
    super(`S3 answered ${code}.`);
    this.name = code;
    this.$metadata = { httpStatusCode: statusCode, requestId: plainName(headers["x-amz-request-id"]) };
  }
}

/** Of an error's body; those of S3 have some hundred bytes. */
const maxBodyBytes = 16 * 1024;

/**
 * What an answer says that is the same however often it is asked; with any other, its body is given up. Source: S3 API
 * reference, "Error responses".
 */
export async function plainRefusal(
  answer: Answer,
  wanted: Pick<GetObjectCommandInput, "Range" | "IfMatch">,
): Promise<PlainRefusal | undefined> {
  const code = finalCode(answer.statusCode, wanted);
  const text = code === undefined ? undefined : await textOf(answer);
  answer.body.on("error", () => {}).destroy();
  const said = /<Code>([^<]{1,64})<\/Code>/.exec(text ?? "")?.[1];
  return code !== undefined && said === code ? new PlainRefusal(code, answer) : undefined;
}

/** The code that goes with the status, where that says all. A bucket that is not there has the same status as a key. */
function finalCode(
  status: number,
  { Range, IfMatch }: Pick<GetObjectCommandInput, "Range" | "IfMatch">,
): string | undefined {
  if (status === 404) return "NoSuchKey";
  if (status === 412 && IfMatch !== undefined) return "PreconditionFailed";
  if (status === 416 && Range !== undefined) return "InvalidRange";
  return undefined;
}

/** Undefined for one that is too long. Throws what breaks it off. */
async function textOf({ body }: Answer): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

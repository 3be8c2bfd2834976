/** An error as S3 answers it. Codes and statuses: Amazon S3 API reference, "Error responses". */
export class S3Error extends Error {
  readonly status: number;
  readonly code: string;
  /** Elements added to the XML, such as `{BucketName: "b"}`. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, fields: Record<string, string> = {}) {
    super(message);
    this.name = "S3Error";
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

export function noSuchKey(key: string): S3Error {
  return new S3Error(404, "NoSuchKey", "The specified key does not exist.", { Key: key });
}

export function noSuchUpload(id: string): S3Error {
  return new S3Error(404, "NoSuchUpload", "The specified multipart upload does not exist.", { UploadId: id });
}

export function invalidArgument(name: string, value: string, message: string): S3Error {
  return new S3Error(400, "InvalidArgument", message, { ArgumentName: name, ArgumentValue: value });
}

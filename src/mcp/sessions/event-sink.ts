/** An event as it goes over the wire. Source: WHATWG HTML, "Server-sent events". */
export interface SentEvent {
  data: string;
  id?: string;
  /** How long the client should wait before it comes back, in milliseconds. */
  retryMs?: number;
}

/** The server's end of one event stream. */
export interface EventSink {
  readonly response: Response;
  readonly open: boolean;
  send(event: SentEvent): void;
  close(): void;
}

export interface EventSinkOptions {
  sessionId: string;
  /** Between two comments that keep the connection from being taken for dead. */
  keepAliveMs: number;
  /** Called with each of those comments. */
  onKeepAlive?: () => void;
  /** The client closed the stream. */
  onGone?: () => void;
  /** The stream has ended, whoever ended it. Called once. */
  onEnd?: () => void;
}

export function createEventSink({
  sessionId,
  keepAliveMs,
  onKeepAlive,
  onGone,
  onEnd,
}: EventSinkOptions): EventSink {
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const release = () => {
    if (!controller) return;
    clearInterval(timer);
    controller = undefined;
    onEnd?.();
  };
  const body = new ReadableStream<Uint8Array>({
    start: (started) => {
      controller = started;
    },
    cancel: () => {
      release();
      onGone?.();
    },
  });
  const write = (text: string) => controller?.enqueue(encoder.encode(text));
  const timer = setInterval(() => {
    write(": keep-alive\n\n");
    onKeepAlive?.();
  }, keepAliveMs);
  timer.unref();
  return {
    response: new Response(body, { headers: eventStreamHeaders(sessionId) }),
    get open() {
      return controller !== undefined;
    },
    send: (event) => write(encodeEvent(event)),
    close() {
      const open = controller;
      release();
      open?.close();
    },
  };
}

function encodeEvent({ data, id, retryMs }: SentEvent): string {
  const fields = [
    ...(data === "" ? [] : ["event: message"]),
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(retryMs === undefined ? [] : [`retry: ${retryMs}`]),
    `data: ${data}`,
  ];
  return `${fields.join("\n")}\n\n`;
}

function eventStreamHeaders(sessionId: string): Record<string, string> {
  return {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
    "mcp-session-id": sessionId,
  };
}

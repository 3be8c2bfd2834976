import { AsyncLocalStorage } from "node:async_hooks";

/** One request to a service outside, each attempt for itself. Never its URL, headers or body. */
export interface ServiceCall {
  /** As the AWS SDK names it, in small letters: `s3`, `glue`, `cloudwatchlogs`; or `databricks`. */
  service: string;
  /** As AWS names it, such as `GetObject`. */
  operation: string;
  /** The service's own, where it answered: AWS CloudTrail has the same. */
  requestId?: string;
  /** HTTP status of an answer that says no. */
  status?: number;
  /** What went wrong, by its name. Left out with `requestId`, nothing is known of an answer. */
  fault?: string;
}

/** What one tool call asked services, bounded: the first calls, and after them the first of each operation. */
export interface ServiceCalls {
  readonly calls: readonly ServiceCall[];
  readonly count: number;
  /** Bytes of the answers, by what their headers say. */
  readonly bytesRead: number;
}

const maxListed = 50;
/** However many operations there are. */
const maxAll = 100;

/** Takes down service calls. */
export class ServiceCallLedger implements ServiceCalls {
  readonly calls: ServiceCall[] = [];
  count = 0;
  bytesRead = 0;

  /** The entry of a request that is about to be sent, for its answer to be added to. */
  begin(service: string, operation: string): ServiceCall {
    const call: ServiceCall = { service, operation };
    this.count++;
    const isNew = () => !this.calls.some((one) => one.service === service && one.operation === operation);
    if (this.calls.length < maxListed || (this.calls.length < maxAll && isNew())) this.calls.push(call);
    return call;
  }
}

/** The slot through which a client knows the call it is asked for. It holds nothing outside of a call. */
const current = new AsyncLocalStorage<ServiceCallLedger>();

/** Runs work whose service calls are taken down in `ledger`, wherever in it they are made. */
export function takeDownServiceCalls<T>(ledger: ServiceCallLedger, work: () => Promise<T>): Promise<T> {
  return current.run(ledger, work);
}

/** The ledger of the call that is under way here; none where nobody takes down. */
export function serviceCallLedger(): ServiceCallLedger | undefined {
  return current.getStore();
}

/** A function that works for the call in which it was made, whoever runs it later: the messages of a worker do. */
export function forThisCall<A extends unknown[], R>(work: (...args: A) => R): (...args: A) => R {
  const ledger = current.getStore();
  return ledger ? (...args) => current.run(ledger, work, ...args) : work;
}

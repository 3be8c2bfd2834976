import type { Outside, OutsideWork } from "../../core/outside.ts";

/** What a task knows of the work its call began elsewhere. */
export class OutsideTie implements Outside {
  /** Present once there is such work. */
  work: OutsideWork | undefined;
  readonly resumes?: OutsideWork | undefined;
  #isBeginning = false;
  #isLeaving = false;
  #tell = () => {};
  readonly #known = new Promise<void>((resolve) => {
    this.#tell = resolve;
  });

  constructor(resumes?: OutsideWork) {
    this.resumes = resumes;
    this.work = resumes;
  }

  beginning = (): void => {
    this.#isBeginning = true;
  };

  began = (work: OutsideWork): void => {
    this.work = work;
    this.#tell();
  };

  isLeaving = (): boolean => this.#isLeaving;

  /** From now on, whatever stops the call leaves the work. */
  leave(): void {
    this.#isLeaving = true;
  }

  /** Resolves when such work as was announced is known, at once where none was. */
  async whenKnown(): Promise<void> {
    if (this.#isBeginning && !this.work) await this.#known;
  }
}

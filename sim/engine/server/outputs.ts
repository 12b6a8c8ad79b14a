/** Outputs on their way from an engine to its clients. One that was delivered is used again: an engine sends one a step. */
import type { EngineStep } from "../../policy/index.js";
import type { OutputToSend } from "./front-end.js";

/** A step's output, and the requests complete with it. */
export interface Output extends OutputToSend {
  readonly rank: number;
  readonly step: EngineStep;
  readonly complete: readonly number[];
  /** When the engine had it. */
  readonly updatedNs: number;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

const nobody: readonly number[] = [];

export class Outputs {
  private readonly spare: Writable<Output>[] = [];

  /** Of the engine with this number. */
  constructor(private readonly rank: number) {}

  /** Of a step that ended, with a token for each request that samples. */
  ofStep(step: EngineStep, complete: readonly number[], updatedNs: number): Output {
    const output = this.ofDecodes(step, step.samplingRequests, updatedNs);
    output.firstTokens = step.firstTokens;
    output.complete = complete;
    output.completes = complete.length > 0;
    return output;
  }

  /** Of a step that gave so many requests a token, none of them the first or the last. */
  ofDecodes(step: EngineStep, tokens: number, updatedNs: number): Writable<Output> {
    const { rank } = this;
    const output = this.spare.pop();
    if (output === undefined)
      return { rank, step, complete: nobody, updatedNs, tokens, firstTokens: 0, completes: false };
    output.step = step;
    output.complete = nobody;
    output.updatedNs = updatedNs;
    output.tokens = tokens;
    output.firstTokens = 0;
    output.completes = false;
    return output;
  }

  /** The clients have it. */
  delivered(output: Output): void {
    this.spare.push(output);
  }
}

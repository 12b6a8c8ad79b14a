/** Tokens of all requests of a run of steps: prompts, and what has come so far. */
import seedrandom from "seedrandom";
import type { RequestStep } from "../../onnx/index.js";
import type { StepAssignment } from "../../sim/index.js";

export class RequestTokens {
  private readonly outputs: number[][];
  private readonly uniforms = new Map<number, () => number>();

  /** `seedOf`: of a request's sampled tokens, its own as in static batches; absent: greedy tokens. */
  constructor(
    private readonly promptIds: readonly (readonly number[])[],
    private readonly seedOf?: (index: number) => string,
  ) {
    this.outputs = promptIds.map(() => []);
  }

  requestOf({ index, tokens, past, samples }: StepAssignment): RequestStep {
    const [prompt, output] = [this.promptIds[index]!, this.outputs[index]!];
    const inPrompt = prompt.slice(past, past + tokens);
    const start = Math.max(0, past - prompt.length);
    const ids = [...inPrompt, ...output.slice(start, start + tokens - inPrompt.length)];
    // The token that a step scheduled before is about to give.
    const known = ids.length === tokens ? { ids } : {};
    return { request: index, past, ...known, ...(samples ? { next: { uniform: this.uniform(index) } } : {}) };
  }

  add(index: number, token: number): void {
    this.outputs[index]!.push(token);
  }

  output(index: number): readonly number[] {
    return this.outputs[index]!;
  }

  private uniform(index: number): number {
    if (this.seedOf === undefined) return 0;
    let draw = this.uniforms.get(index);
    if (draw === undefined) {
      const random = seedrandom.alea(this.seedOf(index));
      draw = () => random.quick();
      this.uniforms.set(index, draw);
    }
    return draw();
  }
}

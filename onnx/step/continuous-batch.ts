/**
 * Requests that run together on one model, step after step: each step names the requests that go on and their new
 * tokens, in any mix of decodes and chunks of prompts, as a scheduler decides.
 */
import { InvariantError } from "../../formats/index.js";
import { requireInPlace } from "./in-place.js";
import { SlotMap } from "./slot-map.js";
import { StepRunner, type StepGroup, type StepRow, type StepRunnerOptions } from "./step-runner.js";

/** What a request does in a step. Its slot holds the `past` tokens of its last steps; 0 begins it anew. */
export interface RequestStep extends Omit<StepRow, "ids"> {
  readonly request: number;
  /** New tokens; absent: the one that its last step gave, which the caller may not know yet. */
  readonly ids?: readonly number[];
}

interface RequestRow extends StepRow {
  readonly request: number;
}

export class ContinuousBatch {
  private readonly runner: StepRunner;
  private readonly slots: SlotMap;
  /** The token that each request was given last. */
  private readonly latest = new Map<number, number>();

  /** `maxNumSeqs` requests at once, at most. */
  constructor({ maxNumSeqs, ...options }: Omit<StepRunnerOptions, "slots"> & { readonly maxNumSeqs: number }) {
    this.runner = new StepRunner({ ...options, slots: maxNumSeqs + 1 });
    requireInPlace(this.runner);
    this.slots = new SlotMap(maxNumSeqs + 1, (from, to, tokens) => {
      this.runner.cache.copy(from, to, tokens);
    });
  }

  /** Slots copied so far, since requests that decode together must have neighbouring slots. */
  get slotCopies(): number {
    return this.slots.copies;
  }

  /** Time spent inside the runtime so far, ns. */
  get runtimeNs(): number {
    return this.runner.runtimeNs;
  }

  /** Runs the step; the next tokens of those requests that want one. */
  step(steps: readonly RequestStep[]): Map<number, number> {
    const requests = steps.map((step): RequestRow => ({ ...step, ids: step.ids ?? [this.latestOf(step.request)] }));
    const decodes = requests.filter(({ ids }) => ids.length === 1);
    const chunks = requests.filter(({ ids }) => ids.length > 1);
    for (const { request, past } of requests) if (past === 0) this.slots.free(request);
    const numbers = (some: readonly RequestRow[]): number[] => some.map(({ request }) => request);
    this.slots.arrange(numbers(decodes), numbers(chunks));
    const slotOf = ({ request }: RequestRow): number => this.slots.slot(request);
    const parts = [
      ...(decodes.length === 0 ? [] : [[...decodes].sort((a, b) => slotOf(a) - slotOf(b))]),
      ...chunks.map((chunk) => [chunk]),
    ];
    const tokens = new Map<number, number>();
    const { mostGroups } = this.runner;
    for (let at = 0; at < parts.length; at += mostGroups) {
      const members = parts.slice(at, at + mostGroups);
      const groups = members.map((rows): StepGroup => ({ firstSlot: slotOf(rows[0]!), rows }));
      const wanting = members.flat().filter(({ next }) => next !== undefined);
      for (const [place, token] of this.runner.run(groups).entries()) tokens.set(wanting[place]!.request, token);
    }
    for (const { request, past, ids } of requests) this.slots.hold(request, past + ids.length);
    for (const [request, token] of tokens) this.latest.set(request, token);
    return tokens;
  }

  endAll(): void {
    this.slots.freeAll();
    this.latest.clear();
  }

  /** Its slot is free for others. */
  end(request: number): void {
    this.slots.free(request);
    this.latest.delete(request);
  }

  private latestOf(request: number): number {
    const token = this.latest.get(request);
    if (token === undefined) throw new InvariantError(`request ${request} goes on from a token that it was not given`);
    return token;
  }

  release(): void {
    this.runner.release();
  }
}

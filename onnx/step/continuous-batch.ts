/**
 * Requests that run together on one model, step after step: each step names the requests that go on and their new
 * tokens, in any mix of decodes and chunks of prompts, as a scheduler decides.
 */
import { InvariantError } from "../../formats/index.js";
import { requireInPlace } from "./in-place.js";
import { SlotMap } from "./slot-map.js";
import { StepRunner, type StepRow, type StepRunnerOptions } from "./step-runner.js";

/** What a request does in a step. Its slot holds the `past` tokens of its last steps; 0 begins it anew. */
export interface RequestStep extends Omit<StepRow, "ids"> {
  readonly request: number;
  /** New tokens; absent: the one that its last step gave, which the caller may not know yet. */
  readonly ids?: readonly number[];
}

interface RequestRow extends StepRow {
  readonly request: number;
}

const requestOf = ({ request }: RequestRow): number => request;

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

  /** Runs the step; the next tokens of those requests that want one. A rehearsal leaves out the runtime's work (step-runner.ts). */
  step(steps: readonly RequestStep[], isRehearsal = false): Map<number, number> {
    const decodes: RequestRow[] = [];
    const chunks: RequestRow[] = [];
    for (const { request, ids = [this.latestOf(request)], past, next } of steps) {
      if (past === 0) this.slots.free(request);
      (ids.length === 1 ? decodes : chunks).push({ request, ids, past, next });
    }
    this.slots.arrange(decodes.map(requestOf), chunks.map(requestOf));
    const slotOf = ({ request }: RequestRow): number => this.slots.slot(request);
    decodes.sort((a, b) => slotOf(a) - slotOf(b));
    const parts = chunks.map((chunk) => [chunk]);
    if (decodes.length > 0) parts.unshift(decodes);
    const tokens = new Map<number, number>();
    const { mostGroups } = this.runner;
    for (let at = 0; at < parts.length; at += mostGroups) {
      const groups = parts.slice(at, at + mostGroups).map((rows) => ({ firstSlot: slotOf(rows[0]!), rows }));
      const given = this.runner.run(groups, isRehearsal);
      let place = 0;
      for (const { rows } of groups) {
        for (const { request, next } of rows) if (next !== undefined) tokens.set(request, given[place++]!);
      }
    }
    for (const rows of parts) for (const { request, past, ids } of rows) this.slots.hold(request, past + ids.length);
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

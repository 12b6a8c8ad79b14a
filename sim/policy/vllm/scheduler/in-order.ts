/** A pass that goes through the running list, because blocks or budget run short and the order decides, or to say who does what. */
import type { i32 } from "../../../kernel/numbers.js";
import { DRAINING, PREFILLING, type Request, STARVED, STEADY, WAITING } from "./request.js";
import { RequestList } from "./request-list.js";
import type { Scheduling } from "./scheduling.js";
import type { Step } from "./step.js";

export class InOrder {
  /** Requests that the walk has served, and their tokens. */
  private readonly served: RequestList = new RequestList();
  private readonly tokens: i32[] = new Array<i32>();

  /** Goes through the running list front to back, preempting where blocks run out. Returns the budget left. */
  run(scheduling: Scheduling, step: Step): i32 {
    const blocks = scheduling.blocks;
    this.served.clear();
    while (this.tokens.length > 0) this.tokens.pop();
    let left = scheduling.limits.budget;
    for (let request = scheduling.running.first; request !== null && left > 0; request = request!.next) {
      if (request.state === DRAINING) continue;
      let tokens: i32 = 1;
      if (request.state !== STEADY) {
        tokens = scheduling.wanted(request);
        if (tokens > left) tokens = left;
      }
      const needed = scheduling.blocksToGrow(request, tokens);
      while (needed > blocks.free && request.state !== WAITING) left += this.preemptLast(scheduling, step);
      if (request.state === WAITING) break;
      blocks.takeFor(request, needed);
      if (request.state === STEADY) scheduling.registerSteady(request);
      else scheduling.registerComputed(request, tokens);
      left -= tokens;
      this.served.push(request);
      this.tokens.push(tokens);
    }
    this.settle(scheduling, step);
    return left;
  }

  /** Puts back the latest admitted request, or the one ranked last; the tokens that it had in this pass. */
  private preemptLast(scheduling: Scheduling, step: Step): i32 {
    const ranking = scheduling.ranking;
    const running = scheduling.running;
    const victim = ranking === null ? running.last! : ranking.last(running.first!);
    let taken: i32 = 0;
    // First come, first served, the latest one gives way, which the walk has not reached.
    const place: i32 = ranking === null ? -1 : this.served.placeOf(victim);
    if (place >= 0) {
      taken = this.tokens[place]!;
      this.served.removeAt(place);
      for (let at = place; at < this.tokens.length - 1; at++) this.tokens[at] = this.tokens[at + 1]!;
      this.tokens.pop();
    }
    scheduling.preempt(victim, taken, step);
    return taken;
  }

  /** Books what the walk decided, and takes those it passed over out of the steady ones. */
  private settle(scheduling: Scheduling, step: Step): void {
    const steady = scheduling.steady;
    const served = this.served;
    let at: i32 = 0;
    for (let request = scheduling.running.first; request !== null; request = request!.next) {
      if (at < served.count && served.at(at) === request) at++;
      else if (request.state === STEADY) {
        scheduling.leaveSteady(request);
        request.state = STARVED;
        request.target = request.computed + 1;
      }
    }
    for (at = 0; at < served.count; at++) scheduling.note(served.at(at), this.tokens[at]!, step);
    step.steady = steady.size;
    if (steady.size > 0) step.decodes(steady.size, steady.contextTokens);
    steady.pass();
    for (at = 0; at < served.count; at++) {
      const request = served.at(at);
      if (isPrefilling(request)) scheduling.compute(request, this.tokens[at]!, step);
    }
    scheduling.prefilling.clear();
    for (let request = scheduling.running.first; request !== null; request = request!.next) {
      if (isPrefilling(request)) scheduling.prefilling.push(request);
    }
  }
}

function isPrefilling(request: Request): boolean {
  return request.state === PREFILLING || request.state === STARVED;
}

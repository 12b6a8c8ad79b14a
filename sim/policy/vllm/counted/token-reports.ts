/**
 * Reports the output tokens of steps as they reach the client. Those of steady requests are reported together, by their
 * number; one by one only those of requests that join, leave or end, or whose tokens are late, behind a first one that
 * is still to be written.
 */
import type { TokenSink } from "../../step.js";
import type { CountStep } from "./count-step.js";

const nobody: readonly number[] = [];

export class TokenReports {
  /** Requests that left the steady ones after a step whose tokens were at the client already. */
  private left: { request: number; lastNs: number }[] = [];
  /** Steady requests with tokens still on their way to the client: their next one is reported by itself. */
  private late = nobody;

  /** A request leaves the steady ones; `latest` is the last step that gave it a token. */
  leaves(request: number, latest: CountStep): void {
    if (Number.isNaN(latest.deliveredNs)) latest.leave(request);
    else this.left.push({ request, lastNs: latest.deliveredNs });
  }

  deliver(step: CountStep, atNs: number, sink: TokenSink): void {
    step.deliveredNs = atNs;
    if (step.isSteadyOnly && this.left.length === 0 && this.late.length === 0) {
      sink.steadyTokens(step.steady, atNs);
      return;
    }
    if (this.left.length > 0) this.tellLeft(sink);
    const { late } = this;
    if (step.steady > late.length) sink.steadyTokens(step.steady - late.length, atNs);
    let stillLate = nobody;
    for (const request of late) if (sink.token(request, atNs)) stillLate = withOne(stillLate, request);
    for (const request of step.joining) if (sink.token(request, atNs)) stillLate = withOne(stillLate, request);
    for (const request of step.ending) sink.lastTokenWas(request, atNs);
    for (const request of step.leaving) sink.lastTokenWas(request, atNs);
    const isOver = step.ending.length > 0 || step.leaving.length > 0;
    this.late =
      isOver && stillLate.length > 0
        ? stillLate.filter((request) => !step.ending.includes(request) && !step.leaving.includes(request))
        : stillLate;
  }

  private tellLeft(sink: TokenSink): void {
    const { left } = this;
    for (const { request, lastNs } of left) sink.lastTokenWas(request, lastNs);
    this.late = this.late.filter((request) => !left.some((of) => of.request === request));
    this.left = [];
  }
}

/** A list with one more, in place unless it is the empty one that is shared. */
function withOne(requests: readonly number[], request: number): readonly number[] {
  if (requests === nobody) return [request];
  (requests as number[]).push(request);
  return requests;
}

/** Whether the answers that prompts begin with are over by then: so nobody looks for blocks of one that is under way. */
import type { SchedulerRequest } from "../../step.js";

/** Whether every request that follows another waits for its end, and no other has the tokens of a request's answer. */
export function areAnswersFinished(requests: readonly SchedulerRequest[]): boolean {
  /** By token id of an answer: whose it is. */
  const owners = new Map<number, number>();
  for (const [index, { answer, follows }] of requests.entries()) {
    if (answer === undefined || (follows !== undefined && !waitsFor(requests, index, follows.index))) return false;
    for (const [tokenId] of answer) {
      if ((owners.get(tokenId) ?? index) !== index) return false;
      owners.set(tokenId, index);
    }
  }
  return requests.every(({ content }) => content?.every(([tokenId]) => !owners.has(tokenId)));
}

/** Whether a request is sent only after an earlier one was answered. */
function waitsFor(requests: readonly SchedulerRequest[], index: number, earlier: number): boolean {
  let at = requests[index]!.turn?.after;
  while (at !== undefined && at > earlier) at = requests[at]!.turn?.after;
  return at === earlier;
}

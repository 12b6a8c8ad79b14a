/** What the compiled engine asks of the run that it is in, and how it reaches it. */

export interface Caller {
  /** The pace of the host at a time outside the window that the machine has, which moves there. */
  movePace(atNs: number): number;
  /** A block of factors is used up. */
  refill(stream: number): void;
  /** Means of steps of so many requests, to that place in the memory. */
  meansOf(requests: number, place: number): void;
  prefillNs(tokens: number): number;
  /** The front end is held up: how long. */
  heldNs(): number;
  /** Gaps and complete requests that are in the tables; a gap too long for them; a first token. */
  takeGaps(): void;
  takeGap(gapNs: number, weight: number): void;
  takeEnds(): void;
  firstToken(row: number, atNs: number): void;
  /** Of the prefix cache. */
  lookUp(index: number, knownTokens: number): void;
  hold(index: number): void;
  take(blocks: number): void;
  register(index: number, blocks: number): void;
  release(index: number, blocks: number): number;
  forget(index: number): void;
  /** Of the priority policy. */
  arrived(index: number, atNs: number): void;
  isServedBefore(index: number, other: number): boolean;
  isRankedBehind(index: number, other: number): boolean;
}

/** The imports of a program: each goes on to whoever is the caller at that time. */
export function forwarded(caller: () => Caller): Record<keyof Caller, (...given: number[]) => unknown> {
  return {
    movePace: (atNs) => caller().movePace(atNs),
    refill: (stream) => {
      caller().refill(stream);
    },
    meansOf: (requests, place) => {
      caller().meansOf(requests, place);
    },
    prefillNs: (tokens) => caller().prefillNs(tokens),
    heldNs: () => caller().heldNs(),
    takeGaps: () => {
      caller().takeGaps();
    },
    takeGap: (gapNs, weight) => {
      caller().takeGap(gapNs, weight);
    },
    takeEnds: () => {
      caller().takeEnds();
    },
    firstToken: (row, atNs) => {
      caller().firstToken(row, atNs);
    },
    lookUp: (index, knownTokens) => {
      caller().lookUp(index, knownTokens);
    },
    hold: (index) => {
      caller().hold(index);
    },
    take: (blocks) => {
      caller().take(blocks);
    },
    register: (index, blocks) => {
      caller().register(index, blocks);
    },
    release: (index, blocks) => caller().release(index, blocks),
    forget: (index) => {
      caller().forget(index);
    },
    arrived: (index, atNs) => {
      caller().arrived(index, atNs);
    },
    isServedBefore: (index, other) => caller().isServedBefore(index, other),
    isRankedBehind: (index, other) => caller().isRankedBehind(index, other),
  };
}

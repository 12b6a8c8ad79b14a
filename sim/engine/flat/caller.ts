/** What the compiled engine asks of the run that it is in, and how it reaches it. */

export interface Caller {
  /** The pace of the host at a time outside the window that the machine has, which moves there. */
  movePace(atNs: number): number;
  /** A block of factors is used up. */
  refillStream(stream: number): void;
  /** Means of steps of so many requests, to that place in the memory. */
  fillMeans(requests: number, place: number): void;
  meanPrefillNs(tokens: number): number;
  /** The front end is held up: how long. */
  heldNs(): number;
  /** So many gaps and complete requests are in the tables; a gap too long for them; a first token. */
  takeGaps(count: number): void;
  takeGap(gapNs: number, weight: number): void;
  takeEnds(count: number, tokens: number): void;
  firstToken(row: number, atNs: number): void;
  /** Of the prefix cache. */
  cacheLookUp(index: number, knownTokens: number): void;
  cacheHold(index: number): void;
  cacheTake(blocks: number): void;
  cacheRegister(index: number, blocks: number): void;
  cacheRelease(index: number, blocks: number): number;
  cacheForget(index: number): void;
  /** Of the priority policy. */
  arrived(index: number, atNs: number): void;
  isServedBefore(index: number, other: number): boolean;
  isRankedBehind(index: number, other: number): boolean;
}

/** The imports of a program: each goes on to whoever is the caller at that time. */
export function forwarded(caller: () => Caller): Record<keyof Caller, (...given: number[]) => unknown> {
  return {
    movePace: (atNs) => caller().movePace(atNs),
    refillStream: (stream) => {
      caller().refillStream(stream);
    },
    fillMeans: (requests, place) => {
      caller().fillMeans(requests, place);
    },
    meanPrefillNs: (tokens) => caller().meanPrefillNs(tokens),
    heldNs: () => caller().heldNs(),
    takeGaps: (count) => {
      caller().takeGaps(count);
    },
    takeGap: (gapNs, weight) => {
      caller().takeGap(gapNs, weight);
    },
    takeEnds: (count, tokens) => {
      caller().takeEnds(count, tokens);
    },
    firstToken: (row, atNs) => {
      caller().firstToken(row, atNs);
    },
    cacheLookUp: (index, knownTokens) => {
      caller().cacheLookUp(index, knownTokens);
    },
    cacheHold: (index) => {
      caller().cacheHold(index);
    },
    cacheTake: (blocks) => {
      caller().cacheTake(blocks);
    },
    cacheRegister: (index, blocks) => {
      caller().cacheRegister(index, blocks);
    },
    cacheRelease: (index, blocks) => caller().cacheRelease(index, blocks),
    cacheForget: (index) => {
      caller().cacheForget(index);
    },
    arrived: (index, atNs) => {
      caller().arrived(index, atNs);
    },
    isServedBefore: (index, other) => caller().isServedBefore(index, other),
    isRankedBehind: (index, other) => caller().isRankedBehind(index, other),
  };
}

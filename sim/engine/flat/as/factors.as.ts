/** Factors by which times differ from their means: blocks of each stream, which the caller draws. */
import { refillStream } from "./caller.as";
import { Pace } from "./pace.as";

/** Streams by their number; those of launches are LAUNCH + kind. */
export const SCHEDULE: i32 = 0;
export const UPDATE: i32 = 1;
export const GPU: i32 = 2;
export const REQUEST: i32 = 3;
export const OUTPUT: i32 = 4;
export const LAUNCH: i32 = 5;
const STREAMS: i32 = 8;

/** Bytes of a block. */
export const BLOCK: usize = 512 * 8;
/** The blocks, one stream after the other, and how far into each of them the next factor lies. */
export const factors = memory.data(32768, 16);
const places = memory.data(STREAMS * 4, 16);

export function beginFactors(): void {
  for (let stream = 0; stream < STREAMS; stream++) Factors.goOn(stream, BLOCK);
}

export class Factors {
  /** How far into a stream's block the next factor is to be found; one that is used up is refilled. */
  @inline static placeOf(stream: i32): usize {
    const at = load<u32>(places + (stream << 2));
    return at === <u32>BLOCK ? Factors.refilled(stream) : at;
  }

  /** The next factor of a stream is that one. */
  @inline static goOn(stream: i32, at: usize): void {
    store<u32>(places + (stream << 2), <u32>at);
  }

  /** Where a stream's block begins. */
  @inline static blockOf(stream: i32): usize {
    return factors + <usize>stream * BLOCK;
  }

  /** The first place in a stream's next block. */
  static refilled(stream: i32): usize {
    refillStream(stream);
    return 0;
  }

  /** The next factor of a stream. */
  @inline static own(stream: i32): f64 {
    const at = Factors.placeOf(stream);
    Factors.goOn(stream, at + 8);
    return load<f64>(Factors.blockOf(stream) + at);
  }

  /** The same times the pace of the host. */
  @inline static paced(stream: i32, atNs: f64): f64 {
    return Pace.at(atNs) * Factors.own(stream);
  }
}

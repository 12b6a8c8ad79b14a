/**
 * The way into the WebAssembly of as/engine.as.ts: its memory and its functions. A machine runs one engine at a time, and is used
 * again: memory and compiled code stay.
 */
import { programOf } from "../../kernel/index.js";
import { forwarded, type Caller } from "./caller.js";
import { binary } from "./engine-binary.js";

interface Functions {
  readonly begin: (longestOutput: number) => void;
  readonly arrive: (
    index: number,
    promptTokens: number,
    outputTokens: number,
    isEndKnown: boolean,
    atNs: number,
  ) => void;
  readonly watchBlocks: () => void;
  readonly nextNs: () => number;
  readonly waitingRequests: () => number;
  readonly quietUntilNs: () => number;
  readonly nextIsFrontEnd: () => number;
  readonly advance: (limitNs: number, quietNs: number, frontEndNs: number, firstEndNs: number) => number;
}

/** Set before an engine begins. */
// prettier-ignore
export const inputNames = [
  "isAsynchronous", "budget", "slots", "maxModelLen", "maxNumBatchedTokens", "watermarkBlocks", "blockSize",
  "longPrefillTokenThreshold", "adaptivePrefillCap", "sparesLoneRequest", "chunkedPrefill", "reserveFullIsl", "totalBlocks",
  "stopsAtEnds", "stopsAtPreemption", "isCaching", "isRanked", "tellsFirstTokens", "copyNs", "sendNs",
  "takeRequestNs", "wakeNs", "emptyStepSleepNs", "acceptNs", "deliveryNs", "prefillRequestNs", "requestNs", "requestTokenNs",
  "hops", "hopNs", "hopGapNs", "outputNs", "outputTokenNs", "chunkNs", "firstChunkNs", "firstWaitTokenNs", "contextTokenNs",
  "attentionPairNs", "graphTokens", "promptRestIsDecode", "fullLead", "piecewiseLead", "eagerLead", "piecewisePower",
  "eagerPower", "recencyShare", "recencyMemoryNs", "paceCellsPerNs", "paceFirstCell", "paceCells", "stallTokens",
] as const;
export type Inputs = Readonly<Record<(typeof inputNames)[number], number>>;

/** What it has counted. */
// prettier-ignore
export const outputNames = [
  "busyNs", "hostBusyNs", "frontEndBusyNs", "steps", "runSteps", "preemptions", "hostNs", "seatStops", "blockStops",
  "budgetStops", "noStops", "runningRequests", "freeBlocks", "fewestFreeBlocks", "anyBeyondNs", "totalNs", "gaps",
] as const;
export type Output = (typeof outputNames)[number];

/** What lies in the memory for both sides, and its size in bytes. */
const tableBytes = {
  ...{ factors: 32_768, paces: 65_536, measuredLow: 48, measuredHigh: 48, asked: 96, beyondNs: 96 },
  ...{ gapValues: 16_384, gapWeights: 8192, ends: 18_432 },
};
type TableName = keyof typeof tableBytes;

/** `hits` and `idleHits`: of the latest look-up in the prefix cache. */
type Exports = Functions & { readonly memory: WebAssembly.Memory } & Readonly<
    Record<keyof Inputs | Output | TableName | "hits" | "idleHits", WebAssembly.Global>
  >;

type Tables = Readonly<
  Record<Exclude<TableName, "gapValues" | "gapWeights">, Float64Array> & {
    readonly gapValues: Uint32Array;
    readonly gapWeights: Uint16Array;
    /** All of the memory. */
    readonly numbers: Float64Array;
    readonly integers: Int32Array;
  }
>;

/** Compiled once in each thread. */
let compiled: WebAssembly.Module | undefined;
const idle: Machine[] = [];
/** Machines with more memory are not kept for another run. */
const MOST_KEPT_BYTES = 16 * 2 ** 20;

export class Machine {
  readonly wasm: Exports;
  private caller: Caller | undefined;
  private seen: Tables;

  /** One that nobody uses. */
  static take(): Machine {
    return idle.pop() ?? new Machine();
  }

  private constructor() {
    compiled ??= programOf(binary);
    const imports = {
      "caller.as": forwarded(() => this.caller!),
      env: { "Math.exp": Math.exp, "Math.pow": Math.pow },
    };
    this.wasm = new WebAssembly.Instance(compiled, imports).exports as unknown as Exports;
    this.seen = this.look();
  }

  /** An engine for that caller, which has served nothing. */
  begin(caller: Caller, inputs: Inputs, longestOutput: number): void {
    this.caller = caller;
    for (const name of inputNames) this.wasm[name].value = inputs[name];
    this.wasm.begin(longestOutput);
  }

  /** The run is over. */
  release(): void {
    this.caller = undefined;
    if (this.wasm.memory.buffer.byteLength <= MOST_KEPT_BYTES) idle.push(this);
  }

  /** The tables; good until the memory grows. */
  get tables(): Tables {
    if (this.seen.numbers.length === 0) this.seen = this.look();
    return this.seen;
  }

  number(name: Output): number {
    return this.wasm[name].value as number;
  }

  private look(): Tables {
    const { wasm } = this;
    const { buffer } = wasm.memory;
    const at = (name: TableName): [ArrayBuffer, number] => [buffer, wasm[name].value as number];
    const table = (name: TableName): Float64Array => new Float64Array(...at(name), tableBytes[name] / 8);
    return {
      ...{ factors: table("factors"), paces: table("paces"), ends: table("ends") },
      ...{ measuredLow: table("measuredLow"), measuredHigh: table("measuredHigh") },
      ...{ asked: table("asked"), beyondNs: table("beyondNs") },
      gapValues: new Uint32Array(...at("gapValues"), tableBytes.gapValues / 4),
      gapWeights: new Uint16Array(...at("gapWeights"), tableBytes.gapWeights / 2),
      numbers: new Float64Array(buffer),
      integers: new Int32Array(buffer),
    };
  }
}

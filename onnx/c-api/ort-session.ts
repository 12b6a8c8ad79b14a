/**
 * Sessions of ONNX Runtime's C API, run by IoBinding: inputs and outputs stay bound from run to run, on whatever device
 * they lie.
 */
import koffi from "koffi";
import { BackendError } from "../../formats/index.js";
import { appendProvider, providerOf, type OrtDevice } from "./ort-device.js";
import { ortLibrary, type OrtLibrary } from "./ort-library.js";
import type { OrtTensor } from "./ort-tensor.js";

const LOG_FATAL = 4;
const OPTIMISE_ALL = 99;

/** Of every session. Spinning, memory patterns: as for the static graphs (open-session.ts). */
const configEntries = {
  "session.intra_op.allow_spinning": "0",
  "session.record_ep_graph_assignment_info": "1",
} as const;

let environment: bigint | undefined;

export interface OrtSessionOptions {
  readonly device: OrtDevice;
  readonly threads: number;
}

/** A loaded graph. Its runs block their thread. */
export class OrtSession {
  readonly device: OrtDevice;
  /** The OrtSession of the C API. */
  readonly pointer: bigint;
  private readonly ort: OrtLibrary = ortLibrary();

  /**
   * `graph`: a path, or the bytes of a graph whose weights are inside. BackendError where it or the device cannot be
   * used.
   */
  constructor(graph: string | Uint8Array, { device, threads }: OrtSessionOptions) {
    const { ort } = this;
    this.device = device;
    environment ??= ort.make("createEnv", LOG_FATAL, "servesim");
    const options = ort.make("createSessionOptions");
    try {
      ort.call("setIntraOpThreads", options, threads);
      ort.call("setInterOpThreads", options, 1);
      ort.call("setGraphOptimization", options, OPTIMISE_ALL);
      ort.call("setLogSeverity", options, LOG_FATAL);
      ort.call("disableMemPattern", options);
      for (const entry of Object.entries(configEntries)) ort.call("addSessionConfigEntry", options, ...entry);
      appendProvider(options, device);
      this.pointer =
        typeof graph === "string"
          ? ort.make("createSession", environment, graph, options)
          : ort.make("createSessionFromArray", environment, graph, graph.length, options);
    } finally {
      ort.tell("releaseSessionOptions", options);
    }
  }

  /**
   * BackendError where the runtime computes the operator on another device than the session's, as it silently does for
   * element types that the device has no kernel for.
   */
  requireOnDevice(operator: string): void {
    const providers = this.providersOf(operator);
    const wanted = providerOf(this.device);
    if (providers.size === 1 && providers.has(wanted)) return;
    const found = providers.size === 0 ? "nowhere" : `on ${[...providers].join(" and ")}`;
    throw new BackendError(
      `ONNX Runtime ${this.ort.version} computes ${operator} ${found}, expected ${wanted}; use --device cpu`,
    );
  }

  release(): void {
    this.ort.tell("releaseSession", this.pointer);
  }

  private providersOf(operator: string): ReadonlySet<string> {
    const { ort } = this;
    const subgraphs = listed((list, count) => {
      ort.call("getAssignment", this.pointer, list, count);
    });
    const has = (subgraph: bigint): boolean =>
      listed((list, count) => {
        ort.call("getSubgraphNodes", subgraph, list, count);
      }).some((node) => textAt(ort.make("getNodeOperator", node)) === operator);
    return new Set(subgraphs.filter(has).map((subgraph) => textAt(ort.make("getSubgraphProvider", subgraph))));
  }
}

/** What a session reads and writes. A binding stays until something else is bound to the name. */
export class OrtBinding {
  private readonly ort: OrtLibrary = ortLibrary();
  private readonly pointer: bigint;
  private readonly bound = new Map<string, OrtTensor>();

  constructor(private readonly session: OrtSession) {
    this.pointer = this.ort.make("createIoBinding", session.pointer);
  }

  /** A tensor of main memory whose numbers change has to be bound again for a device: binding copies it there. */
  input(name: string, tensor: OrtTensor): void {
    this.bind("bindInput", name, tensor);
  }

  /** An output on another device than the session's is copied there at the end of each run. */
  output(name: string, tensor: OrtTensor): void {
    this.bind("bindOutput", name, tensor);
  }

  /** Unbinds the outputs: an output that is not bound is not computed. */
  clearOutputs(): void {
    this.ort.tell("clearBoundOutputs", this.pointer);
    this.bound.clear();
  }

  /** Blocks until the outputs are written, on a device as well. */
  run(): void {
    const { ort, session, pointer } = this;
    const isApart = session.device !== "cpu";
    if (isApart) ort.call("synchronizeInputs", pointer);
    ort.call("runWithBinding", session.pointer, null, pointer);
    if (isApart) ort.call("synchronizeOutputs", pointer);
  }

  release(): void {
    this.ort.tell("clearBoundInputs", this.pointer);
    this.ort.tell("clearBoundOutputs", this.pointer);
    this.ort.tell("releaseIoBinding", this.pointer);
  }

  private bind(how: "bindInput" | "bindOutput", name: string, tensor: OrtTensor): void {
    const isCopied = tensor.device !== this.session.device;
    if (!isCopied && this.bound.get(name) === tensor) return;
    this.ort.call(how, this.pointer, name, tensor.pointer);
    this.bound.set(name, tensor);
  }
}

/** Pointers of a list that the runtime owns. */
function listed(get: (list: BigUint64Array, count: BigUint64Array) => void): bigint[] {
  const [list, count] = [new BigUint64Array(1), new BigUint64Array(1)];
  get(list, count);
  if (count[0] === 0n) return [];
  return koffi.decode(list[0]!, koffi.array("void *", Number(count[0]))) as bigint[];
}

function textAt(pointer: bigint): string {
  return koffi.decode(pointer, "char", -1) as string;
}

/**
 * ONNX Runtime's C API in the shared library that the package onnxruntime-node brings, called by FFI. The package's own binding
 * copies every output that it returns, preallocated ones too; with the C API an output is written where the caller says, and may
 * be the very memory of an input. https://onnxruntime.ai/docs/api/c/struct_ort_api.html
 *
 * OrtApi is a table of function pointers whose order never changes within a version and to which later versions only append:
 * the numbers below are places in it.
 */
import { createRequire } from "node:module";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import koffi from "koffi";
import { BackendError } from "../../formats/index.js";

/** Requested version of the table; ONNX Runtime 1.24 and later have it. */
const API_VERSION = 24;

/** Arguments in order; every pointer is a `void *`, given as a BigInt or as a typed array that holds the memory. */
const functions = {
  getErrorMessage: [2, "str", "void *"],
  createEnv: [3, "void *", "int, str, void *"],
  createSession: [7, "void *", "void *, PATH, void *, void *"],
  createSessionFromArray: [8, "void *", "void *, void *, size_t, void *, void *"],
  createSessionOptions: [10, "void *", "void *"],
  disableMemPattern: [17, "void *", "void *"],
  setLogSeverity: [22, "void *", "void *, int"],
  setGraphOptimization: [23, "void *", "void *, int"],
  setIntraOpThreads: [24, "void *", "void *, int"],
  setInterOpThreads: [25, "void *", "void *, int"],
  createTensorWithData: [49, "void *", "void *, void *, size_t, void *, size_t, int, void *"],
  createMemoryInfo: [68, "void *", "str, int, int, int, void *"],
  allocatorAlloc: [75, "void *", "void *, size_t, void *"],
  allocatorFree: [76, "void *", "void *, void *"],
  releaseStatus: [93, "void", "void *"],
  releaseMemoryInfo: [94, "void", "void *"],
  releaseSession: [95, "void", "void *"],
  releaseValue: [96, "void", "void *"],
  releaseSessionOptions: [100, "void", "void *"],
  addSessionConfigEntry: [130, "void *", "void *, str, str"],
  createAllocator: [131, "void *", "void *, void *, void *"],
  releaseAllocator: [132, "void", "void *"],
  runWithBinding: [133, "void *", "void *, void *, void *"],
  createIoBinding: [134, "void *", "void *, void *"],
  releaseIoBinding: [135, "void", "void *"],
  bindInput: [136, "void *", "void *, str, void *"],
  bindOutput: [137, "void *", "void *, str, void *"],
  clearBoundInputs: [141, "void", "void *"],
  clearBoundOutputs: [142, "void", "void *"],
  synchronizeInputs: [202, "void *", "void *"],
  synchronizeOutputs: [203, "void *", "void *"],
  appendCuda: [204, "void *", "void *, void *"],
  createCudaOptions: [205, "void *", "void *"],
  updateCudaOptions: [206, "void *", "void *, void *, void *, size_t"],
  releaseCudaOptions: [208, "void", "void *"],
  getAssignment: [407, "void *", "void *, void *, void *"],
  getSubgraphProvider: [408, "void *", "void *, void *"],
  getSubgraphNodes: [409, "void *", "void *, void *, void *"],
  getNodeOperator: [412, "void *", "void *, void *"],
} as const satisfies Record<string, readonly [place: number, result: string, parameters: string]>;

type OrtFunction = keyof typeof functions;
/** Functions that return nothing. */
type OrtVoid = Extract<OrtFunction, `release${string}` | `clear${string}`>;
/** Null pointers are 0n. */
type Argument = bigint | number | string | NodeJS.TypedArray | null;

export interface OrtLibrary {
  readonly path: string;
  /** ONNX Runtime's own version, as 1.29.0. */
  readonly version: string;
  /** Calls a function that returns a status; BackendError with ONNX Runtime's message where it fails. */
  call(name: OrtFunction, ...args: Argument[]): void;
  /** Calls a function that makes something, whose last parameter is where its pointer goes. */
  make(name: OrtFunction, ...args: Argument[]): bigint;
  /** Releases what was made, or unbinds what was bound. */
  tell(name: OrtVoid, pointer: bigint): void;
}

let loaded: OrtLibrary | undefined;

/** The library, loaded once for a process. BackendError where it cannot be, or is too old. */
export function ortLibrary(): OrtLibrary {
  loaded ??= load(libraryPath());
  return loaded;
}

function load(path: string): OrtLibrary {
  let library: ReturnType<typeof koffi.load>;
  try {
    library = koffi.load(path);
  } catch (error) {
    throw new BackendError(`cannot load ONNX Runtime from "${path}": ${(error as Error).message}`, { cause: error });
  }
  const base = koffi.decode(library.func("void *OrtGetApiBase()")(), koffi.array("void *", 2)) as [bigint, bigint];
  const version = koffi.call(base[1], koffi.proto("str", [])) as string;
  const table = koffi.call(base[0], koffi.proto("void *", ["uint32_t"]), API_VERSION) as bigint | null;
  if (table === null) {
    throw new BackendError(
      `ONNX Runtime ${version} in "${path}" has no API of version ${API_VERSION}, expected 1.24 or later; ` +
        "restore the version that servesim pins with npm ci",
    );
  }
  const places = koffi.decode(table, koffi.array("void *", 1 + functions.getNodeOperator[0])) as bigint[];
  const pathType = process.platform === "win32" ? "str16" : "str";
  const bound = Object.fromEntries(
    Object.entries(functions).map(([name, [place, result, parameters]]) => {
      const types = parameters.replace("PATH", pathType).split(", ");
      return [name, koffi.decode(places[place]!, koffi.proto(result, types)) as (...args: Argument[]) => unknown];
    }),
  ) as Record<OrtFunction, (...args: Argument[]) => unknown>;

  const call: OrtLibrary["call"] = (name, ...args) => {
    const status = bound[name](...args) as bigint | null;
    if (status === null) return;
    const message = bound.getErrorMessage(status) as string;
    bound.releaseStatus(status);
    throw new BackendError(`ONNX Runtime ${version}: ${message}`);
  };
  return {
    path,
    version,
    call,
    make(name, ...args) {
      const made = new BigUint64Array(1);
      call(name, ...args, made);
      return made[0]!;
    },
    tell: (name, pointer) => {
      bound[name](pointer);
    },
  };
}

/** Beside the binding that onnxruntime-node loads itself: one library in the process, not two. */
function libraryPath(): string {
  const packageFolder = dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"));
  const api = readdirSync(join(packageFolder, "bin")).find((name) => name.startsWith("napi-v")) ?? "";
  const names: Partial<Record<NodeJS.Platform, string>> = {
    linux: "libonnxruntime.so.1",
    darwin: "libonnxruntime.1.dylib",
    win32: "onnxruntime.dll",
  };
  const name = names[process.platform];
  if (name === undefined) throw new BackendError(`ONNX Runtime has no library for ${process.platform}`);
  return join(packageFolder, "bin", api, process.platform, process.arch, name);
}

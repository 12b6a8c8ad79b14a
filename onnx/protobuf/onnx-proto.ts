/**
 * The part of onnx.proto that servesim writes and reads, as a protobufjs descriptor: no generated code.
 * Field numbers from https://github.com/onnx/onnx/blob/v1.17.0/onnx/onnx.proto (IR version 10, opset 20).
 */
import protobuf from "protobufjs/light.js";
import { defined } from "../../formats/index.js";

/** onnx.TensorProto.DataType */
export const DataType = { float: 1, int32: 6, int64: 7, bool: 9, float16: 10 } as const;
const AttributeType = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const;
const irVersion = 10;
const opset = 20;
/** ONNX Runtime's own operators: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md */
export const contribDomain = "com.microsoft";

/** onnx.AttributeProto; made by the helpers of `attribute`. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly g?: Graph;
  readonly ints?: readonly number[];
}

/** onnx.NodeProto; an empty input name means a left-out optional input. */
export interface GraphNode {
  readonly name: string;
  readonly opType: string;
  /** Empty for ONNX itself. */
  readonly domain?: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly Attribute[];
}

/** onnx.TensorProto: small constants carry `rawData`, weights an offset into the external file. */
export interface TensorConstant {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly rawData?: Uint8Array;
  readonly dataLocation?: 1;
  readonly externalData?: readonly { readonly key: string; readonly value: string }[];
}

/** onnx.ValueInfoProto of a tensor. */
export interface ValueInfo {
  readonly name: string;
  readonly type: {
    readonly tensorType: { readonly elemType: number; readonly shape: { readonly dim: readonly Dim[] } };
  };
}
type Dim = { readonly dimValue: number } | { readonly dimParam: string } | Record<string, never>;

/** onnx.GraphProto */
export interface Graph {
  readonly name: string;
  readonly node: readonly GraphNode[];
  readonly initializer: readonly TensorConstant[];
  readonly input: readonly ValueInfo[];
  readonly output: readonly ValueInfo[];
}

/** An int64 of a decoded file. */
export type DecodedInt = number | { toNumber(): number };

/** What is read back of an onnx.ModelProto; every field may be missing in a file that is not an ONNX model. */
export interface DecodedModel {
  readonly irVersion?: DecodedInt;
  readonly producerName?: string;
  readonly graph?: {
    readonly name?: string;
    readonly node?: readonly { readonly opType?: string }[];
    readonly initializer?: readonly DecodedTensor[];
    readonly input?: readonly DecodedValue[];
    readonly output?: readonly DecodedValue[];
  };
  readonly opsetImport?: readonly { readonly domain?: string; readonly version?: DecodedInt }[];
}

/** A weight as it is read back. */
export interface DecodedTensor {
  readonly dims?: readonly DecodedInt[];
  readonly dataType?: number;
  readonly externalData?: readonly { readonly key?: string; readonly value?: string }[];
}

/** An input or output as it is read back. */
export interface DecodedValue {
  readonly name?: string;
  readonly type?: {
    readonly tensorType?: {
      readonly elemType?: number;
      readonly shape?: {
        readonly dim?: readonly { readonly dimValue?: DecodedInt; readonly dimParam?: string }[];
      };
    };
  };
}

/** One attribute of a node, by kind. */
export const attribute = {
  int: (name: string, i: number): Attribute => ({ name, type: AttributeType.int, i }),
  ints: (name: string, ints: readonly number[]): Attribute => ({ name, type: AttributeType.ints, ints }),
  float: (name: string, f: number): Attribute => ({ name, type: AttributeType.float, f }),
  text: (name: string, s: string): Attribute => ({ name, type: AttributeType.string, s: Buffer.from(s) }),
  graph: (name: string, g: Graph): Attribute => ({ name, type: AttributeType.graph, g }),
};

/** Declares a tensor: a number is a fixed size, a name a symbolic one, null an unknown one. */
export function tensorInfo(name: string, elemType: number, dims: readonly (number | string | null)[]): ValueInfo {
  const dim = dims.map((size): Dim => {
    if (size === null) return {};
    return typeof size === "number" ? { dimValue: size } : { dimParam: size };
  });
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

/** The bytes of an .onnx file with this graph. */
export function encodeModel(graph: Graph): Uint8Array {
  const opsetImport = [
    { domain: "", version: opset },
    { domain: contribDomain, version: 1 },
  ];
  const model = { irVersion, producerName: "servesim", graph, opsetImport };
  return modelType().encode(model).finish();
}

/** Reads an .onnx file's bytes; throws protobufjs' own error where the bytes are not a protocol buffer. */
export function decodeModel(bytes: Uint8Array): DecodedModel {
  return modelType().decode(bytes) as DecodedModel;
}

function modelType(): protobuf.Type {
  return protobuf.Root.fromJSON({ nested: messages }).lookupType("ModelProto");
}

// "rule type id" per field; the types are those of onnx.proto with their names cut short.
const messages = {
  ModelProto: message({
    irVersion: "int64 1",
    producerName: "string 2",
    graph: "GraphProto 7",
    opsetImport: "repeated OperatorSetIdProto 8",
  }),
  OperatorSetIdProto: message({ domain: "string 1", version: "int64 2" }),
  GraphProto: message({
    node: "repeated NodeProto 1",
    name: "string 2",
    initializer: "repeated TensorProto 5",
    input: "repeated ValueInfoProto 11",
    output: "repeated ValueInfoProto 12",
  }),
  NodeProto: message({
    input: "repeated string 1",
    output: "repeated string 2",
    name: "string 3",
    opType: "string 4",
    attribute: "repeated AttributeProto 5",
    domain: "string 7",
  }),
  AttributeProto: message({
    name: "string 1",
    f: "float 2",
    i: "int64 3",
    s: "bytes 4",
    g: "GraphProto 6",
    ints: "repeated int64 8",
    type: "int32 20",
  }),
  TensorProto: message({
    dims: "repeated int64 1",
    dataType: "int32 2",
    name: "string 8",
    rawData: "bytes 9",
    externalData: "repeated StringStringEntryProto 13",
    dataLocation: "int32 14",
  }),
  StringStringEntryProto: message({ key: "string 1", value: "string 2" }),
  ValueInfoProto: message({ name: "string 1", type: "TypeProto 2" }),
  TypeProto: message({ tensorType: "TensorTypeProto 1" }),
  TensorTypeProto: message({ elemType: "int32 1", shape: "TensorShapeProto 2" }),
  TensorShapeProto: message({ dim: "repeated DimensionProto 1" }),
  DimensionProto: message({ dimValue: "int64 1", dimParam: "string 2" }),
};

function message(fields: Record<string, string>): protobuf.IType {
  const entries = Object.entries(fields).map(([name, text]): [string, protobuf.IField] => {
    const [id, type, rule] = text.split(" ").reverse();
    return [name, { id: Number(id), type: type!, ...defined({ rule }) }];
  });
  return { fields: Object.fromEntries(entries) };
}

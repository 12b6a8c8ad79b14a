/**
 * Collects the nodes and constants of one ONNX graph and gives every value a name of its own.
 * A Loop body is a second writer with another prefix; it may use names of the outer graph.
 */
import type { Precision } from "../spec/index.js";
import { toHalf } from "./half.js";
import {
  contribDomain,
  DataType,
  attribute,
  type Attribute,
  type Graph,
  type GraphNode,
  type TensorConstant,
  type ValueInfo,
} from "./onnx-proto.js";

/** Builds one graph node by node; values are referred to by name. */
export class GraphWriter {
  private readonly nodes: GraphNode[] = [];
  private readonly constants = new Map<string, TensorConstant>();

  /** `prefix` starts every name made here, so that a Loop body does not shadow a name of its outer graph. */
  constructor(
    private readonly prefix: string,
    readonly precision: Precision = "fp32",
  ) {}

  /** The element type of weights and activations. */
  get realType(): number {
    return this.precision === "fp16" ? DataType.float16 : DataType.float;
  }

  /** Adds a node with one output and returns the output's name. */
  op(opType: string, inputs: readonly string[], ...attributes: Attribute[]): string {
    return this.ops(opType, inputs, 1, ...attributes)[0]!;
  }

  /** Adds a node with several outputs and returns their names. */
  ops(opType: string, inputs: readonly string[], outputs: number, ...attributes: Attribute[]): string[] {
    return this.node("", opType, inputs, outputs, attributes);
  }

  /** Adds an operator of ONNX Runtime's own and returns its outputs' names. */
  contrib(opType: string, inputs: readonly string[], outputs: number, ...attributes: Attribute[]): string[] {
    return this.node(contribDomain, opType, inputs, outputs, attributes);
  }

  /** As `contrib` with one output, and further ones that are outputs of the graph: what is written there is not copied. */
  inPlace(opType: string, inputs: readonly string[], outputs: readonly string[], ...attributes: Attribute[]): string {
    const name = `${this.prefix}${opType}_${this.nodes.length}`;
    this.nodes.push({
      name,
      opType,
      domain: contribDomain,
      input: inputs,
      output: [name, ...outputs],
      attribute: attributes,
    });
    return name;
  }

  /** Gives a value the name that the graph's output declares. */
  output(value: string, name: string): void {
    this.nodes.push({
      name: `${this.prefix}to_${name}`,
      opType: "Identity",
      input: [value],
      output: [name],
      attribute: [],
    });
  }

  /** A 1-D int64 constant, or a scalar when given one number. */
  ints(values: readonly number[] | number): string {
    const isScalar = typeof values === "number";
    const list = isScalar ? [values] : values;
    const name = `${this.prefix}${isScalar ? "int" : "ints"}_${list.join("_")}`;
    const rawData = new Uint8Array(BigInt64Array.from(list, BigInt).buffer);
    this.addConstant({ name, dims: isScalar ? [] : [list.length], dataType: DataType.int64, rawData });
    return name;
  }

  /** A scalar constant in the graph's precision. */
  real(value: number): string {
    if (this.precision === "fp32") return this.float(value);
    const name = `${this.prefix}half_${value}`;
    const rawData = new Uint8Array(Uint16Array.of(toHalf(value)).buffer);
    this.addConstant({ name, dims: [], dataType: DataType.float16, rawData });
    return name;
  }

  /** A float32 scalar constant. */
  float(value: number): string {
    const name = `${this.prefix}float_${value}`;
    const rawData = new Uint8Array(Float32Array.of(value).buffer);
    this.addConstant({ name, dims: [], dataType: DataType.float, rawData });
    return name;
  }

  /** The value in another element type. */
  cast(value: string, to: number): string {
    return this.op("Cast", [value], attribute.int("to", to));
  }

  /** Adds a constant once; the same name again is the same constant. */
  addConstant(constant: TensorConstant): void {
    this.constants.set(constant.name, constant);
  }

  /** The finished graph. */
  graph(name: string, input: readonly ValueInfo[], output: readonly ValueInfo[]): Graph {
    return { name, node: this.nodes, initializer: [...this.constants.values()], input, output };
  }

  private node(
    domain: string,
    opType: string,
    input: readonly string[],
    outputs: number,
    attributes: readonly Attribute[],
  ): string[] {
    const name = `${this.prefix}${opType}_${this.nodes.length}`;
    const output = Array.from({ length: outputs }, (_, index) => (outputs === 1 ? name : `${name}_${index}`));
    this.nodes.push({ name, opType, domain, input, output, attribute: attributes });
    return output;
  }
}

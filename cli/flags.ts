/**
 * Flags from zod shapes: one description serves --help, parsing and checking. A key `max_time_wait_s` is the flag
 * `--max-time-wait`; values are checked by the same schemas as files, and errors name the flag.
 */
import { z } from "zod";
import type { Argv } from "yargs";
import { check, ConfigError, defined, flagName } from "../formats/index.js";

export type Shape = Readonly<Record<string, z.ZodType>>;
export type Flags<S extends Shape> = z.output<z.ZodObject<S>>;

export { flagName };

interface Leaf {
  readonly type?: string | string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Leaf[];
  readonly items?: Leaf;
}

/** Declares the flags of a shape on a command, under a heading of its --help. */
export function declareFlags(yargs: Argv, shape: Shape, group?: string): Argv {
  for (const [key, leaf] of Object.entries(leavesOf(shape))) {
    const isBoolean = leaf.type === "boolean";
    yargs = yargs.option(flagName(key), {
      describe: `${leaf.description ?? ""}${valueHint(leaf)}`,
      // Declared as strings, numbers would be called strings in --help.
      ...(isBoolean || isText(leaf) ? { type: isBoolean ? "boolean" : "string" } : {}),
      ...(isWords(leaf) ? { array: true } : {}),
      // A flag that may be on without a value gets an empty text.
      requiresArg: !typesOf(leaf).includes("boolean"),
      ...(leaf.default === undefined ? {} : { defaultDescription: JSON.stringify(leaf.default) }),
      ...defined({ group }),
    });
  }
  return yargs;
}

/** The values given on the command line for the keys of a shape, checked, with defaults filled. */
export function parseFlags<S extends Shape>(shape: S, argv: Readonly<Record<string, unknown>>): Flags<S> {
  return check(z.object(shape), givenFlags(shape, argv), flagContext);
}

/** Values as given, numbers and lists converted, nothing checked: for schemas with rules across keys. */
export function givenFlags(shape: Shape, argv: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  const known = leavesOf(shape);
  for (const key of Object.keys(shape)) {
    const value = argv[flagName(key)];
    if (value !== undefined) given[key] = convert(value, known[key]!);
  }
  return given;
}

/** Names flags in errors the way they were typed. */
export const flagContext = {
  source: "command line",
  nameOf: (path: readonly PropertyKey[]): string => `--${flagName(String(path[0]))}`,
};

const leaves = new WeakMap<z.ZodType, Leaf>();

/** What each key of a shape takes. Those not asked for before are worked out together, which is faster. */
function leavesOf(shape: Shape): Readonly<Record<string, Leaf>> {
  const unknown = Object.fromEntries(Object.entries(shape).filter(([, schema]) => !leaves.has(schema)));
  const { properties = {} } = z.toJSONSchema(z.object(unknown), { io: "input", unrepresentable: "any" });
  for (const [key, schema] of Object.entries(unknown)) leaves.set(schema, properties[key] as Leaf);
  return Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, leaves.get(schema)!]));
}

/** What a flag takes, where yargs does not say. */
function valueHint(leaf: Leaf): string {
  if (leaf.enum !== undefined) return ` [${leaf.enum.join(", ")}]`;
  const types = typesOf(leaf);
  if (types.includes("array")) return isWords(leaf) ? "" : " [numbers, as 1,2,4]";
  return types.includes("number") || types.includes("integer") ? " [number]" : "";
}

function isText(leaf: Leaf): boolean {
  return leaf.enum === undefined && !valueHint(leaf).includes("number");
}

/** A list of words, each an argument of its own. */
function isWords({ type, items }: Leaf): boolean {
  return type === "array" && items?.type === "string";
}

function typesOf(leaf: Leaf): readonly string[] {
  return [leaf, ...(leaf.anyOf ?? [])].flatMap(({ type }) => type ?? []);
}

function convert(value: unknown, leaf: Leaf): unknown {
  if (typeof value !== "string") return value;
  const types = typesOf(leaf);
  if (types.includes("array")) return value.split(",").map((part) => toNumber(part));
  if (types.includes("string")) return value;
  return types.includes("number") || types.includes("integer") ? toNumber(value) : value;
}

function toNumber(text: string): unknown {
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}

/** `2%` as 0.02; ConfigError for anything but a percentage between 0 and 100 %. */
export function fractionOf(text: string, flag: string): number {
  const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim()) ?? [];
  const fraction = Number(percent) / 100;
  if (fraction > 0 && fraction < 1) return fraction;
  throw new ConfigError(`${flag}: got "${text}", expected a percentage above 0 % and below 100 %, such as 2%`);
}

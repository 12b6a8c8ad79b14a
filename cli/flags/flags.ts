/**
 * Flags from zod shapes: one description serves --help, parsing and checking. A key `max_time_wait_s` is the flag
 * `--max-time-wait`; values are checked by the same schemas as files, and errors name the flag.
 */
import type { Argv } from "yargs";
import { z } from "zod";
import { check, ConfigError, defined, flagName, suggest } from "../../formats/index.js";

export type Shape = Readonly<Record<string, z.ZodType>>;
export type Flags<S extends Shape> = z.output<z.ZodObject<S>>;

export { flagName };

/** What the value of a flag may be. */
interface Leaf {
  readonly types: readonly string[];
  readonly description?: string | undefined;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly items?: Leaf;
}

/** Declares the flags of a shape on a command, under a heading of its --help. */
export function declareFlags(yargs: Argv, shape: Shape, group?: string): Argv {
  const leaves = Object.entries(leavesOf(shape));
  for (const [key, leaf] of leaves) {
    const isBoolean = isOnlyBoolean(leaf);
    yargs = yargs.option(flagName(key), {
      describe: `${leaf.description ?? ""}${valueHint(leaf)}`,
      // Declared as strings, numbers would be called strings in --help.
      ...(isBoolean || isText(leaf) ? { type: isBoolean ? "boolean" : "string" } : {}),
      ...(isWords(leaf) ? { array: true } : {}),
      // A flag that may be on without a value gets an empty text.
      requiresArg: !leaf.types.includes("boolean"),
      ...(leaf.default === undefined ? {} : { defaultDescription: JSON.stringify(leaf.default) }),
    });
  }
  // At once: yargs goes through a whole group for each flag that it is told of.
  if (group === undefined) return yargs;
  const names = leaves.map(([key]) => flagName(key));
  return yargs.group(names, group);
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

/** ConfigError for the first flag of a shape that is given; `why` makes the message of `--flag`. */
export function rejectGiven(
  shape: Shape,
  argv: Readonly<Record<string, unknown>>,
  why: (flag: string) => string,
): void {
  const [given] = Object.keys(givenFlags(shape, argv));
  if (given !== undefined) throw new ConfigError(why(`--${flagName(given)}`));
}

/** A word of the command line that must be one of `known`. ConfigError, such as `trace: no action "x" (known: ...)`. */
export function oneOf<Name extends string>(
  given: unknown,
  known: readonly Name[],
  command: string,
  kind: string,
): Name {
  const name = String(given);
  const found = known.find((one) => one === name);
  if (found !== undefined) return found;
  throw new ConfigError(`${command}: no ${kind} "${name}"${suggest(name, known)} (known: ${known.join(", ")})`);
}

/** Names flags in errors the way they were typed. */
export const flagContext = {
  source: "command line",
  nameOf: (path: readonly PropertyKey[]): string => `--${flagName(String(path[0]))}`,
};

/** What each key of a shape takes. */
function leavesOf(shape: Shape): Readonly<Record<string, Leaf>> {
  return Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, leafOf(schema)]));
}

const knownLeaves = new WeakMap<z.core.$ZodType, Leaf>();

/** What a schema takes. (zod can make a JSON schema of it, which takes ten times as long and says no more about a flag.) */
function leafOf(schema: z.core.$ZodType): Leaf {
  const known = knownLeaves.get(schema);
  if (known !== undefined) return known;
  const leaf = { ...taken(schema as z.core.$ZodTypes), ...defined({ description: (schema as z.ZodType).description }) };
  knownLeaves.set(schema, leaf);
  return leaf;
}

function taken({ _zod: { def } }: z.core.$ZodTypes): Leaf {
  switch (def.type) {
    case "default": {
      const leaf = leafOf(def.innerType);
      // The default of a text that is turned into something else is that something, which nobody types.
      return (def.innerType as z.core.$ZodTypes)._zod.def.type === "pipe"
        ? leaf
        : { ...leaf, default: def.defaultValue };
    }
    case "optional":
    case "nullable":
    case "readonly":
      return leafOf(def.innerType);
    case "pipe":
      return leafOf(def.in);
    case "union":
      return { types: def.options.flatMap((option) => leafOf(option).types) };
    case "enum":
      return { types: ["string"], enum: Object.values(def.entries).map(String) };
    case "literal":
      return { types: def.values.map((value) => typeof value) };
    case "array":
      return { types: ["array"], items: leafOf(def.element) };
    default:
      return { types: [def.type] };
  }
}

/** What a flag takes, where yargs does not say. */
function valueHint(leaf: Leaf): string {
  if (leaf.enum !== undefined) return ` [${leaf.enum.join(", ")}]`;
  if (leaf.types.includes("array")) return isWords(leaf) ? "" : " [numbers, as 1,2,4]";
  if (!leaf.types.includes("number")) return "";
  return leaf.types.includes("string") ? " [number or text]" : " [number]";
}

function isText(leaf: Leaf): boolean {
  return leaf.enum === undefined && !valueHint(leaf).includes("number");
}

/** A list of words, each an argument of its own. */
function isWords({ items }: Leaf): boolean {
  return items?.types.join() === "string";
}

function isOnlyBoolean({ types }: Leaf): boolean {
  return types.join() === "boolean";
}

function convert(value: unknown, leaf: Leaf): unknown {
  if (typeof value !== "string") return value;
  const { types } = leaf;
  if (types.includes("array")) return value.split(",").map((part) => toNumber(part));
  if (types.includes("string")) return value;
  return types.includes("number") ? toNumber(value) : value;
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

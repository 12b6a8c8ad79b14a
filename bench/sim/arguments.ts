/** Options of the benchmarks' command lines; whatever is wrong with them is a ConfigError. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { ConfigError, suggest } from "../../formats/index.js";

export function parsedOptions<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  argv: readonly string[],
  options: Options,
): ReturnType<typeof parseArgs<{ options: Options }>>["values"] {
  try {
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

export function oneOf<Name extends string>(option: string, got: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === got);
  if (found === undefined) {
    throw new ConfigError(`${option} is "${got}"${suggest(got, names)}, expected one of ${names.join(", ")}`);
  }
  return found;
}

export function wholeNumber(option: string, got: string): number {
  const value = Number(got);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new ConfigError(`${option} is "${got}", expected a whole number above 0`);
  }
  return value;
}

/**
 * Classes of requests as users write them: `interactive:share=0.3,priority=0,output_len=200,ttft=500;batch:share=0.7,priority=1`.
 * A name, then what the class has: its share of the requests (weights, 1 if not given), priority, lengths in tokens (with
 * standard deviation over mean: log-normal), and limits in ms that its requests should meet.
 */
import { z } from "zod";
import { MAX_TOKENS } from "./workload.js";

export interface RequestClass {
  readonly name: string;
  readonly share: number;
  readonly priority?: number;
  readonly input_len?: number;
  readonly input_cv?: number;
  readonly output_len?: number;
  readonly output_cv?: number;
  /** Limits, ms. */
  readonly ttft?: number;
  readonly tpot?: number;
  readonly e2el?: number;
}

const MOST_CLASSES = 20;
const MAX_TEXT = 5000;
const NAME = /^[A-Za-z][\w-]{0,39}$/;
const NUMBER = /^-?\d*\.?\d+(e[+-]?\d+)?$/i;

const isTokens = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= MAX_TOKENS;
const isCv = (value: number): boolean => value >= 0 && value <= 100;
const isLimit = (value: number): boolean => value > 0;

const keys: Readonly<Record<Exclude<keyof RequestClass, "name">, readonly [(value: number) => boolean, string]>> = {
  share: [(value) => value > 0, "a number above 0"],
  priority: [Number.isSafeInteger, "a whole number"],
  input_len: [isTokens, "tokens"],
  input_cv: [isCv, "0 to 100"],
  output_len: [isTokens, "tokens"],
  output_cv: [isCv, "0 to 100"],
  ttft: [isLimit, "ms above 0"],
  tpot: [isLimit, "ms above 0"],
  e2el: [isLimit, "ms above 0"],
};

/** The classes, or what is wrong with the text. */
export function parseClasses(text: string): readonly RequestClass[] | string {
  const classes: RequestClass[] = [];
  for (const part of text.split(";")) {
    const one = parseClass(part.trim());
    if (typeof one === "string") return one;
    if (classes.some(({ name }) => name === one.name))
      return `"${one.name}" comes twice, expected one class of that name`;
    classes.push(one);
  }
  return classes.length <= MOST_CLASSES ? classes : `expected at most ${MOST_CLASSES} classes`;
}

function parseClass(text: string): RequestClass | string {
  const [name = "", ...rest] = text.split(":");
  if (!NAME.test(name) || rest.length > 1) {
    return `in "${text.slice(0, 60)}", expected NAME:KEY=VALUE,..., such as interactive:share=0.3,priority=0,ttft=500`;
  }
  const found: Record<string, number> = {};
  for (const pair of rest.length === 0 ? [] : rest[0]!.split(",")) {
    const [key = "", value = ""] = pair.trim().split("=");
    const known = Object.hasOwn(keys, key) ? keys[key as keyof typeof keys] : undefined;
    if (known === undefined)
      return `in class ${name}, "${pair.trim().slice(0, 40)}": expected one of ${Object.keys(keys).join(", ")}`;
    const [isValid, expected] = known;
    if (key in found) return `in class ${name}, ${key} comes twice`;
    if (!NUMBER.test(value) || !isValid(Number(value)))
      return `in class ${name}, ${key}: got "${value.slice(0, 40)}", expected ${expected}`;
    found[key] = Number(value);
  }
  for (const which of ["input", "output"] as const) {
    if (`${which}_cv` in found && !(`${which}_len` in found))
      return `in class ${name}, ${which}_cv: expected ${which}_len with it`;
  }
  return { name, share: 1, ...found };
}

export const classesSchema = z
  .string()
  .max(MAX_TEXT, { error: `expected at most ${MAX_TEXT} characters`, abort: true })
  .superRefine((text, context) => {
    const found = parseClasses(text);
    if (typeof found === "string") context.addIssue({ code: "custom", message: found, input: text });
  });

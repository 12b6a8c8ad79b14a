/** Kinds of values that many flags take. */
import { z } from "zod";
import { MAX_MEMORY_MIB } from "../../formats/index.js";

/** A switch that is off unless it is given. */
export const toggle = z.boolean().default(false);
export const fileName = z.string().min(1, "expected a file");
export const folderName = z.string().min(1, "expected a folder");
export const text = z.string().optional();
/** A duration of at most a day, s. */
export const seconds = z.number().positive().max(86_400);
export const mebibytes = z.number().positive().max(MAX_MEMORY_MIB);

/** A whole number from 1 to `most`. */
export function count(most: number) {
  return z.int().positive().max(most);
}

/** Kinds of values that the formats share, each under one name. */
import { z } from "zod";

/** At least 1. */
export const count = z.int().positive();
/** From 0. */
export const whole = z.int().nonnegative();
export const positive = z.number().positive();
export const nonnegative = z.number().nonnegative();
/** Of a whole. */
export const share = z.number().min(0).max(1);

/** A field that may be absent, with what help texts and JSON Schema say of it. */
export function optional<T extends z.ZodType>(type: T, description: string): z.ZodOptional<T> {
  return type.optional().describe(description);
}

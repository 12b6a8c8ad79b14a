/** Flags that are percentages. */
import { ConfigError } from "../formats/index.js";

/** `2%` as 0.02; ConfigError for anything but a percentage between 0 and 100 %. */
export function fractionOf(text: string, flag: string): number {
  const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim()) ?? [];
  const fraction = Number(percent) / 100;
  if (fraction > 0 && fraction < 1) return fraction;
  throw new ConfigError(`${flag}: got "${text}", expected a percentage above 0 % and below 100 %, such as 2%`);
}

/** Coefficients of a vLLM engine's cost by their place in it: "gpu.decode_base_ns". */
import type { VllmEngineCost } from "../../../formats/index.js";

/** Of GPU, host and front end; jitter has no places of its own. */
export function coefficientsOf({ gpu, host, front_end }: VllmEngineCost): Record<string, number> {
  return numbersOf({ gpu, host, front_end });
}

function numbersOf(value: object, path = ""): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [key, field] of Object.entries(value) as [string, unknown][]) {
    const place = path === "" ? key : `${path}.${key}`;
    if (Array.isArray(field)) continue;
    if (typeof field === "object" && field !== null) Object.assign(found, numbersOf(field, place));
    else if (typeof field === "number") found[place] = field;
  }
  return found;
}

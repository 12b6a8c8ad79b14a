/** Real runs that say of themselves that they are not valid: other processes at work, a client that lagged (real/validity.ts). */
import type { Run } from "../../formats/index.js";

export function isDisturbed({ info }: Run): boolean {
  return info.valid?.ok === false;
}

/** Whether most of them are: a difference from them then says nothing. */
export function areDisturbed(reals: readonly Run[]): boolean {
  return 2 * reals.filter(isDisturbed).length > reals.length;
}

/** The pace of the host by time, in cells, of which a window is at hand; as HostPath.at(). */
import { movePace } from "./caller.as";

/** Set from outside, and with every move of the window, which has so many cells from the first one on. */
export let paceCellsPerNs: f64 = 0;
export let paceFirstCell: f64 = 0;
export let paceCells: f64 = 0;
/** Room for the window. */
export const paces = memory.data(65536, 16);

export class Pace {
  @inline static at(atNs: f64): f64 {
    const cell = atNs * paceCellsPerNs - paceFirstCell;
    return cell >= 0 && cell < paceCells ? load<f64>(paces + ((<usize>(<u32>cell)) << 3)) : movePace(atNs);
  }
}

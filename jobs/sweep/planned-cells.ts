/** The cells of a made plan with the reasons of those that cannot be simulated: made when they are asked for, in the plan's order. */
import type { SweepCell, SweepCells } from "./cells.js";
import type { PlannedCell } from "./plan-file.js";

export class PlannedCells implements Iterable<PlannedCell> {
  private readonly addedPlaces: ReadonlyMap<string, number>;

  constructor(
    /** Those of the sweep's file. */
    readonly own: SweepCells,
    private readonly whyImpossible: (cell: SweepCell) => string | undefined,
    /** Those that refinement added, after them. */
    readonly added: readonly PlannedCell[] = [],
  ) {
    this.addedPlaces = new Map(added.map(({ id }, at) => [id, own.length + at]));
  }

  get length(): number {
    return this.own.length + this.added.length;
  }

  at(place: number): PlannedCell {
    if (place >= this.own.length) return this.added[place - this.own.length]!;
    const cell = this.own.at(place);
    const impossible = this.whyImpossible(cell);
    return impossible === undefined ? cell : { ...cell, impossible };
  }

  /** Undefined: no cell has that name. */
  placeOf(id: string): number | undefined {
    return this.own.placeOf(id) ?? this.addedPlaces.get(id);
  }

  with(more: readonly PlannedCell[]): PlannedCells {
    return new PlannedCells(this.own, this.whyImpossible, [...this.added, ...more]);
  }

  *[Symbol.iterator](): Generator<PlannedCell> {
    for (let place = 0; place < this.length; place++) yield this.at(place);
  }
}

/** What was asked of a cost model beyond the range its profile was measured on, in words, each once. */
import type { Profile } from "../../formats/index.js";

export class RangeNotes {
  private readonly beyond = new Map<string, string>();

  constructor(private readonly range: Profile["range"]) {}

  get notes(): readonly string[] {
    return [...this.beyond.values()];
  }

  check(key: keyof Profile["range"], value: number, name: string): void {
    if (value < this.range[key][0]) this.note(key, name, "below");
    else this.checkAbove(key, value, name);
  }

  checkAbove(key: keyof Profile["range"], value: number, name: string): void {
    if (value > this.range[key][1]) this.note(key, name, "above");
  }

  private note(key: keyof Profile["range"], name: string, side: string): void {
    const what = `${name}/${side}`;
    const [low, high] = this.range[key];
    if (!this.beyond.has(what)) this.beyond.set(what, `${name} ${side} the measured ${low} to ${high}`);
  }
}

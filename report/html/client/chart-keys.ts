/** Left and right go through the points of a series, up and down to the nearest point of another; Enter pins, Escape clears. */
import { middleOf, type ChartMark } from "./chart-marks.js";
import type { ChartTips } from "./chart-tips.js";

export function addKeys(plot: HTMLElement, marks: readonly ChartMark[], tips: ChartTips): void {
  const label = plot.getAttribute("aria-label") ?? "Chart";
  plot.setAttribute("aria-label", `${label}. Arrow keys go through its ${marks.length} marks, Enter pins a note`);
  const groups = groupsOf(marks);
  let [group, index] = [0, -1];
  const show = (): void => {
    tips.show(groups[group]?.[index], true);
  };
  const along = (by: number): void => {
    const size = groups[group]!.length;
    index = Math.min(Math.max(index + by, 0), size - 1);
    show();
  };
  const across = (by: number): void => {
    const from = groups[group]![Math.max(index, 0)]!;
    group = (group + by + groups.length) % groups.length;
    index = nearestAlong(groups[group]!, from);
    show();
  };
  const actions: Readonly<Record<string, () => void>> = {
    ArrowRight: () => { along(1); }, // prettier-ignore
    ArrowLeft: () => { along(-1); }, // prettier-ignore
    ArrowDown: () => { across(1); }, // prettier-ignore
    ArrowUp: () => { across(-1); }, // prettier-ignore
    Home: () => { along(-Infinity); }, // prettier-ignore
    End: () => { along(Infinity); }, // prettier-ignore
    Enter: () => { if (index >= 0) tips.pin(groups[group]![index]!); }, // prettier-ignore
    Escape: () => { tips.clear(); }, // prettier-ignore
  };
  plot.addEventListener("keydown", (event) => {
    const act = event.target === plot && !event.ctrlKey && !event.metaKey ? actions[event.key] : undefined;
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
  plot.addEventListener("blur", () => {
    tips.show(undefined);
  });
}

/** Marks by series, each from left to right where it is drawn. */
function groupsOf(marks: readonly ChartMark[]): ChartMark[][] {
  const groups = new Map<string, ChartMark[]>();
  for (const mark of marks) {
    const key = mark.series.join(", ");
    const own = groups.get(key);
    if (own === undefined) groups.set(key, [mark]);
    else own.push(mark);
  }
  return [...groups.values()];
}

function nearestAlong(group: readonly ChartMark[], from: ChartMark): number {
  const { x } = middleOf(from);
  const far = group.map((mark) => Math.abs(middleOf(mark).x - x));
  return far.indexOf(far.reduce((a, b) => Math.min(a, b)));
}

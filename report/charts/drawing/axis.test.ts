import { linearAxis, logAxis, scaledUnit, spanAxis, timeUnit, type CategoryAxis } from "./axis.js";
import { categoryRoom } from "./draw-axes.js";

describe("axes", () => {
  it("show milliseconds when everything is below half a second", () => {
    expect(timeUnit(0.02).name).toBe("ms");
    expect(timeUnit(0.02).text(0.02)).toBe("20");
    expect(timeUnit(3).name).toBe("s");
    expect(timeUnit(0).name).toBe("s");
  });

  it("start at zero, end above the greatest value and have round ticks", () => {
    const axis = linearAxis(0.83, "latency", scaledUnit("s", 1));
    expect(axis.fraction(0)).toBe(0);
    expect(axis.fraction(0.83)).toBeLessThan(1);
    expect(axis.ticks.map(axis.tickText)).toEqual(["0", "0.2", "0.4", "0.6", "0.8", "1"]);
    expect(axis.label).toBe("latency (s)");
  });

  it("work when every value is zero", () => {
    expect(linearAxis(0, "latency", scaledUnit("s", 1)).fraction(0)).toBe(0);
  });

  it("are logarithmic in steps of 1, 2 and 5 over few decades, in powers of ten over many", () => {
    expect(logAxis(0.015, 0.7, "latency", scaledUnit("s", 1)).ticks).toEqual([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]);
    const wide = logAxis(1e-6, 1e6, "latency", scaledUnit("s", 1)).ticks;
    expect(wide.length).toBeLessThanOrEqual(8);
    expect(wide).toContain(1);
  });

  it("are not logarithmic where a value is zero", () => {
    const seconds = scaledUnit("s", 1);
    expect(spanAxis([0, 10], 20, "latency", seconds).label).toBe("latency (s)");
    expect(spanAxis([0.1, 10], 20, "latency", seconds).label).toBe("latency (s, log scale)");
  });

  it("slant labels that do not fit below their place", () => {
    const axis = (name: string): CategoryAxis => {
      return { label: "", ticks: [0], tickText: () => name, xPx: () => 100, slotPx: 80, details: ["n = 25"] };
    };
    expect(categoryRoom(axis("run 1")).slanted).toBe(false);
    expect(categoryRoom(axis("unbreakable_and_very_long_load_name")).slanted).toBe(true);
  });
});

import { byName, numberText, shortened, textWidthPx, wrapped, xmlSafe } from "./text.js";

describe("text in charts", () => {
  it("orders names by the numbers inside them", () => {
    expect(["rate 10", "rate 9", "rate 9.5", "burst"].sort(byName)).toEqual(["burst", "rate 9", "rate 9.5", "rate 10"]);
  });

  it("writes numbers without needless digits or exponents", () => {
    expect([0, 0.53681, 1234.5, 0.1 + 0.2, 99.96, 12_345_678].map((value) => numberText(value))).toEqual([
      "0",
      "0.537",
      "1,235",
      "0.3",
      "100",
      "1.23e+7",
    ]);
  });

  it("shortens in the middle and never beyond the room", () => {
    const short = shortened("poisson 12 requests per second, burstiness 0.25", 120, 11);
    expect(short).toMatch(/^pois.*….*25$/);
    expect(textWidthPx(short, 11)).toBeLessThanOrEqual(120);
    expect(shortened("short", 120, 11)).toBe("short");
  });

  it("wraps at spaces", () => {
    expect(wrapped("one two three", textWidthPx("one two", 11), 11)).toEqual(["one two", "three"]);
    expect(wrapped("", 100, 11)).toEqual([]);
  });

  it("replaces characters that XML forbids", () => {
    expect(xmlSafe("a\u0000b\ud800c\u001b é 😀\n")).toBe("a\ufffdb\ufffdc\ufffd é 😀\n");
  });
});

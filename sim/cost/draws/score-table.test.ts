import { CELLS_PER_SCORE, MIDDLE, normalProbability, ScoreTable } from "./score-table.js";

const placeOf = (score: number): number => MIDDLE + CELLS_PER_SCORE * score;

test("a table has the value of every score, straight between its cells and level beyond its ends", () => {
  const table = new ScoreTable((probability) => 10 * probability);
  for (let score = -5.99; score < 6; score += 0.0173) {
    expect(table.at(placeOf(score))).toBeCloseTo(10 * normalProbability(score), 3);
  }
  expect([table.at(placeOf(-9)), table.at(placeOf(9))]).toEqual([table.at(placeOf(-6)), table.at(placeOf(6))]);
});

test("the normal distribution function is that of the tables", () => {
  expect(normalProbability(0)).toBeCloseTo(0.5, 7);
  expect(normalProbability(1.959964)).toBeCloseTo(0.975, 6);
  expect(normalProbability(-1)).toBeCloseTo(0.158655, 6);
});

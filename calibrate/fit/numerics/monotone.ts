/** Nearest values that never fall, in weighted squares: neighbours that fall are pooled until none do (PAVA; Barlow and others, 1972). */
export function monotone(values: readonly number[], weights: readonly number[]): number[] {
  const pools: { value: number; weight: number; count: number }[] = [];
  values.forEach((value, at) => {
    let pool = { value, weight: weights[at]!, count: 1 };
    for (let before = pools.at(-1); before !== undefined && before.value > pool.value; before = pools.at(-1)) {
      pools.pop();
      const weight = before.weight + pool.weight;
      pool = {
        value: (before.value * before.weight + pool.value * pool.weight) / weight,
        weight,
        count: before.count + pool.count,
      };
    }
    pools.push(pool);
  });
  return pools.flatMap(({ value, count }) => new Array<number>(count).fill(value));
}

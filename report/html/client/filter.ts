/** Filters the table of all figures by cell and metric. */

export function filterOutcome(): void {
  const form = document.querySelector<HTMLFormElement>("form#filter");
  if (form === null) return;
  const cell = form.querySelector<HTMLSelectElement>("#filter-cell")!;
  const metric = form.querySelector<HTMLSelectElement>("#filter-metric")!;
  const count = form.querySelector("#filter-count")!;
  const rows = [...document.querySelectorAll<HTMLElement>("tr[data-cell]")];
  const folded = [...document.querySelectorAll<HTMLDetailsElement>("details")].filter((each) =>
    each.querySelector("tr[data-cell]"),
  );
  const apply = (): void => {
    for (const row of rows) {
      const fits = [cell, metric].every(
        ({ value }, at) => value === "" || row.dataset[at === 0 ? "cell" : "metric"] === value,
      );
      row.hidden = !fits;
    }
    for (const each of folded) each.hidden = each.querySelector("tr[data-cell]:not([hidden])") === null;
    count.textContent = `${rows.filter(({ hidden }) => !hidden).length} of ${rows.length} rows`;
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
  });
  apply();
}

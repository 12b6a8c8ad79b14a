/**
 * The report's only script: filters the outcome rows by cell and metric, and unfolds everything for print. Without it
 * (JavaScript off) all rows are shown and nothing is lost.
 */

/** JavaScript text, run at the end of the page. */
export const filterScript = `
(function () {
  var form = document.getElementById("filter");
  var folded = Array.from(document.querySelectorAll("details"));
  if (form) {
    var cell = document.getElementById("filter-cell");
    var metric = document.getElementById("filter-metric");
    var count = document.getElementById("filter-count");
    var rows = Array.from(document.querySelectorAll("tr[data-cell]"));
    var apply = function () {
      var shown = 0;
      rows.forEach(function (row) {
        var fits = (!cell.value || row.dataset.cell === cell.value) && (!metric.value || row.dataset.metric === metric.value);
        row.hidden = !fits;
        if (fits) shown += 1;
      });
      folded.forEach(function (each) { each.hidden = !each.querySelector("tr[data-cell]:not([hidden])"); });
      count.textContent = shown + " of " + rows.length + " rows";
    };
    form.hidden = false;
    form.addEventListener("input", apply);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    apply();
  }
  window.addEventListener("beforeprint", function () { folded.forEach(function (each) { each.open = true; }); });
})();
`;

/**
 * What the page does in a browser. Everything works on what is in the page already; without a script all figures and
 * charts are there and nothing is lost. Bundled into dist/pages/report.js (bundle.mjs), which page.ts puts into the page.
 */
import { showCharts } from "./charts.js";
import { sortTables } from "./data-tables.js";
import { filterOutcome } from "./filter.js";
import { unfoldForPrint } from "./print.js";
import { countWithinLimits } from "./slo.js";
import { zoomTimes } from "./time-zoom.js";

unfoldForPrint();
filterOutcome();
countWithinLimits();
sortTables();
showCharts();
zoomTimes();

/** The KV cache as a grid: a cell for each block, or for a few of them, in the colour of the request that holds it. */
import { create } from "d3";

const MOST_CELLS = 512;
const CELL_PX = 12;

/** Ten hues that go on white and on near-black; neighbours in the queue have other ones. */
const colours = [
  "#4e79a7",
  "#f28e2c",
  "#e15759",
  "#59a14f",
  "#b07aa1",
  "#9c755f",
  "#d37295",
  "#499894",
  "#b6992d",
  "#79706e",
];

export const colourOf = (request: number): string => colours[request % colours.length]!;

export interface Grid {
  readonly node: SVGSVGElement;
  /** Blocks of a cell. */
  readonly perCell: number;
  show(owners: ReadonlyMap<number, number>): void;
}

/** For a cache of so many blocks, numbered from 1. */
export function blockGrid(blocks: number): Grid {
  const perCell = Math.ceil(blocks / MOST_CELLS);
  const cells = Math.ceil(blocks / perCell);
  const columns = Math.min(cells, Math.max(16, Math.ceil(Math.sqrt(cells * 1.4))));
  const rows = Math.ceil(cells / columns);
  const svg = create("svg")
    .attr("viewBox", `0 0 ${columns * CELL_PX} ${rows * CELL_PX}`)
    .attr("class", "blocks")
    .attr("role", "img")
    .attr("aria-label", "KV blocks, coloured by the request that holds them; the sentence above has the numbers");
  const places = Array.from({ length: cells }, (_, cell) => cell);
  const drawn = svg
    .selectAll("rect")
    .data(places)
    .join("rect")
    .attr("x", (cell) => (cell % columns) * CELL_PX + 1)
    .attr("y", (cell) => Math.floor(cell / columns) * CELL_PX + 1)
    .attr("width", CELL_PX - 2)
    .attr("height", CELL_PX - 2)
    .attr("rx", 2);
  const show = (owners: ReadonlyMap<number, number>): void => {
    const inUse = new Float64Array(cells);
    const ownerOf = new Int32Array(cells).fill(-1);
    for (const [block, request] of owners) {
      const cell = Math.min(cells - 1, Math.floor((block - 1) / perCell));
      inUse[cell]!++;
      ownerOf[cell] = request;
    }
    drawn
      .attr("class", (cell) => (inUse[cell] === 0 ? "free" : null))
      .attr("fill", (cell) => (inUse[cell] === 0 ? null : colourOf(ownerOf[cell]!)))
      .attr("fill-opacity", (cell) => (inUse[cell] === 0 ? null : 0.35 + (0.65 * inUse[cell]!) / perCell));
  };
  return { node: svg.node()!, perCell, show };
}

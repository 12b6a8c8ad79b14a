/**
 * KV blocks with their content: which are cached, who holds them, and in what order free ones are given up, by extents of
 * blocks that lie one after another. Blocks without content are only counted. Where it is asked to, it also says which
 * block is which. Source: vllm/v1/core/{block_pool,kv_cache_manager}.py (behaviour).
 */
import { InvariantError } from "../../../../formats/index.js";
import type { SchedulerRequest } from "../../step.js";
import { ChainNode, type Chain } from "./content-chain.js";
import { Extent, FreeExtents } from "./extent.js";
import { RequestChains } from "./request-chains.js";
import { shorten } from "./shorten.js";

/** What a request in the engine holds: extents in the order of its blocks, each up to a block of its node. */
class Holding {
  readonly extents: Extent[] = [];
  readonly highs: number[] = [];
  /** Blocks that are registered, all its leading ones; and the node that the next one is in. */
  blocks = 0;
  at = 0;
  /** Ids of the blocks behind them, where blocks have ids. */
  readonly own: number[] = [];

  constructor(public chain: Chain) {}
}

export interface PrefixCacheOptions {
  /** Released blocks without content are taken next; otherwise in the order of their release, as all others. */
  readonly freesUnkeyedFirst: boolean;
  /** Whether blocks have ids: from 1, in the order in which they are taken first. */
  readonly isNamed: boolean;
}

export class PrefixCache {
  /** Of the latest lookup: cached blocks found, and those among them that no request holds. */
  hitBlocks = 0;
  idleHits = 0;
  private readonly root = new ChainNode();
  private readonly free = new FreeExtents(this.root);
  private readonly chains: RequestChains;
  /** By request; and those of requests that have ended, to be used again. */
  private readonly holdings: (Holding | undefined)[];
  private readonly spare: Holding[] = [];
  /** Pieces of an extent that are being given up. */
  private readonly pieces: Extent[] = [];
  /** Where released blocks without content queue with the others. */
  private readonly nowhere = new ChainNode();
  /** Ids of the blanks, the next to be taken last. */
  private readonly blankIds: number[] = [];

  /** `blanks`: free blocks without content, which are taken first. */
  constructor(
    requests: readonly SchedulerRequest[],
    private readonly blockSize: number,
    private blanks: number,
    private readonly options: PrefixCacheOptions = { freesUnkeyedFirst: true, isNamed: false },
  ) {
    this.chains = new RequestChains(this.root, requests, blockSize);
    this.holdings = new Array<undefined>(requests.length);
    if (options.isNamed) for (let id = blanks; id > 0; id--) this.blankIds.push(id);
  }

  /** Looks for the longest cached prefix of a request with `known` tokens, of which at least one is left to compute. */
  lookUp(request: number, known: number): void {
    const { nodes, ends } = this.holdingOf(request).chain;
    const most = Math.floor((known - 1) / this.blockSize);
    this.hitBlocks = 0;
    this.idleHits = 0;
    for (let at = 0; at < nodes.length && this.hitBlocks < most; at++) {
      const node = nodes[at]!;
      const wanted = Math.min(ends[at]!, most);
      const hits = Math.min(wanted, node.cached);
      for (let extent = node.first; extent !== undefined && extent.low < hits; extent = extent.after) {
        if (extent.holders === 0) this.idleHits += Math.min(extent.high, hits) - extent.low;
      }
      this.hitBlocks = hits;
      if (hits < wanted) return;
    }
  }

  forgetLookUp(): void {
    this.hitBlocks = 0;
    this.idleHits = 0;
  }

  /** Gives the request just looked up what was found. */
  hold(request: number): void {
    const holding = this.holdingOf(request);
    const { nodes, ends } = holding.chain;
    for (let at = 0; holding.blocks < this.hitBlocks; at++) {
      const hits = Math.min(ends[at]!, this.hitBlocks);
      for (let extent = nodes[at]!.first; extent !== undefined && extent.low < hits; extent = extent.after) {
        if (extent.high > hits) this.split(extent, hits);
        if (extent.holders++ === 0) this.free.remove(extent);
        holding.extents.push(extent);
        holding.highs.push(extent.high);
      }
      holding.blocks = hits;
      holding.at = at;
    }
  }

  /** Takes free blocks, at most as many as there are; they lose their content. */
  take(blocks: number, ids?: number[]): void {
    const blank = Math.min(blocks, this.blanks);
    this.blanks -= blank;
    if (ids !== undefined) for (let left = blank; left > 0; left--) ids.push(this.blankIds.pop()!);
    for (let left = blocks - blank; left > 0;) {
      const extent = this.free.first();
      if (extent === undefined) throw new InvariantError("KV blocks were taken from an empty pool");
      const taken = Math.min(left, extent.blocks);
      left -= taken;
      if (ids !== undefined) for (let id = taken; id > 0; id--) ids.push(extent.ids!.pop()!);
      this.giveUp(extent, extent.high - taken);
    }
  }

  /** Takes a request's next blocks. */
  takeFor(request: number, blocks: number): void {
    this.take(blocks, this.options.isNamed ? this.holdingOf(request).own : undefined);
  }

  /** Ids of the blocks that a request holds, in the order of its tokens. */
  blocksOf(request: number): number[] {
    const holding = this.holdings[request];
    if (holding === undefined) return [];
    const ids: number[] = [];
    for (const [at, first] of holding.extents.entries()) {
      for (let extent = first; ; extent = extent.upper!) {
        for (const id of extent.ids!) ids.push(id);
        if (extent.high >= holding.highs[at]!) break;
      }
    }
    return [...ids, ...holding.own];
  }

  /** Ids of the free blocks, the next to be taken first. */
  freeQueue(): number[] {
    const ids = this.blankIds.toReversed();
    for (const extent of this.free.all()) for (const id of extent.ids!.toReversed()) ids.push(id);
    return ids;
  }

  /** The request's leading blocks up to `blocks` can be found from now on. */
  register(request: number, blocks: number): void {
    const holding = this.holdingOf(request);
    const { chain } = holding;
    while (holding.blocks < blocks) {
      const low = holding.blocks;
      if (low === chain.blocks) chain.own();
      if (low === chain.ends[holding.at]) holding.at++;
      const node = chain.nodes[holding.at]!;
      const end = chain.ends[holding.at]!;
      const isSpare = low < node.cached;
      const high = Math.min(blocks, end, isSpare ? node.cached : Infinity);
      this.add(holding, node, low, high);
      if (!isSpare) node.cached = high;
      holding.blocks = high;
    }
  }

  /** Gives up `blocks` blocks that the request holds, those that are registered and others; how many of them come free. */
  release(request: number, blocks: number): number {
    const holding = this.holdingOf(request);
    const { extents, highs } = holding;
    const blanks = blocks - holding.blocks;
    this.releaseBlanks(blanks, holding.own);
    let freed = blanks;
    for (let at = extents.length - 1; at >= 0; at--) {
      freed += this.letGo(extents[at]!, highs[at]!);
    }
    shorten(extents, 0);
    shorten(highs, 0);
    holding.blocks = 0;
    holding.at = 0;
    return freed;
  }

  private releaseBlanks(blanks: number, ids: number[]): void {
    if (blanks === 0) return;
    if (this.options.freesUnkeyedFirst) {
      this.blanks += blanks;
      for (const id of ids) this.blankIds.push(id);
    } else {
      const extent = new Extent(this.nowhere, 0, blanks, false);
      if (this.options.isNamed) extent.ids = [...ids];
      this.free.push(extent);
    }
    shorten(ids, 0);
  }

  /** One holder less of an extent and of what was split off behind it, up to `high`, the last first; blocks that come free. */
  private letGo(extent: Extent, high: number): number {
    const { pieces } = this;
    pieces.push(extent);
    for (let last = extent; last.high < high; last = last.upper!) pieces.push(last.upper!);
    let freed = 0;
    while (pieces.length > 0) {
      const piece = pieces.pop()!;
      if (--piece.holders > 0) continue;
      piece.upper = undefined;
      freed += piece.blocks;
      this.enqueue(piece);
    }
    return freed;
  }

  /** The request has ended. */
  forget(request: number): void {
    const holding = this.holdings[request];
    if (holding === undefined) return;
    this.chains.end(holding.chain);
    this.holdings[request] = undefined;
    this.spare.push(holding);
  }

  /** The request will not come. */
  absent(request: number): void {
    this.chains.absent(request);
  }

  private holdingOf(request: number): Holding {
    const known = this.holdings[request];
    if (known !== undefined) return known;
    const chain = this.chains.start(request);
    const holding = this.spare.pop() ?? new Holding(chain);
    holding.chain = chain;
    this.holdings[request] = holding;
    return holding;
  }

  /** A request's next blocks, as a part of its latest extent if that is its alone. */
  private add({ extents, highs, own }: Holding, node: ChainNode, low: number, high: number): void {
    const isSpare = low < node.cached;
    const last = extents.length - 1;
    const latest = extents[last];
    if (!isSpare && latest?.node === node && latest.high === low && latest.holders === 1 && !latest.isSpare) {
      latest.high = high;
      latest.upper = undefined;
      highs[last] = high;
      if (latest.ids !== undefined) for (const id of own.splice(0, high - low)) latest.ids.push(id);
      return;
    }
    const extent = new Extent(node, low, high, isSpare);
    if (this.options.isNamed) extent.ids = own.splice(0, high - low);
    if (isSpare) (node.spares ??= []).push(extent);
    else node.link(extent, node.last);
    extents.push(extent);
    highs.push(high);
  }

  /** To the end of the queue, joined with the last extent there where that continues it. */
  private enqueue(extent: Extent): void {
    const { node } = extent;
    const last = this.free.last();
    if (last?.node === node && last.low === extent.high && !hasSpares(node)) {
      last.low = extent.low;
      if (last.ids !== undefined) last.ids = [...extent.ids!, ...last.ids];
      node.unlink(extent);
    } else this.free.push(extent);
  }

  /** Makes two of an extent: what is behind place `at` is a new one. */
  private split(extent: Extent, at: number): void {
    const { node } = extent;
    const upper = new Extent(node, at, extent.high, extent.isSpare);
    upper.holders = extent.holders;
    upper.ids = extent.ids?.splice(at - extent.low);
    upper.upper = extent.upper;
    extent.upper = upper;
    extent.high = at;
    if (extent.isSpare) node.spares!.splice(node.spares!.indexOf(extent) + 1, 0, upper);
    else node.link(upper, extent);
    if (extent.holders === 0) this.free.insert(upper, extent);
  }

  /** The blocks of a free extent from place `from` on lose their content. */
  private giveUp(extent: Extent, from: number): void {
    const { node, high, isSpare } = extent;
    extent.high = from;
    if (node === this.nowhere) {
      if (from === 0) this.free.remove(extent);
      return;
    }
    if (from === extent.low) {
      this.free.remove(extent);
      if (isSpare) removeFrom(node.spares!, extent);
      else node.unlink(extent);
    }
    if (!isSpare) this.lose(node, from, high);
    if (extent.low === from) node.prune();
  }

  /** Blocks `from` to `high` of a node are not found any more where they were. */
  private lose(node: ChainNode, from: number, high: number): void {
    for (let end = high; end > from;) {
      if (this.promote(node, end - 1)) {
        end--;
        continue;
      }
      if (end !== node.cached) throw new InvariantError("a cached KV block was lost before one behind it");
      node.cached = hasSpares(node) ? end - 1 : from;
      end = node.cached;
    }
  }

  /** The earliest other copy of a block is found from now on; false: there is none. */
  private promote(node: ChainNode, place: number): boolean {
    const { spares } = node;
    const spare = spares?.find(({ low, high }) => low <= place && place < high);
    if (spares === undefined || spare === undefined) return false;
    if (spare.high > place + 1) this.split(spare, place + 1);
    if (spare.low < place) this.split(spare, place);
    const alone = spare.low === place ? spare : spare.upper!;
    removeFrom(spares, alone);
    alone.isSpare = false;
    let before = node.last;
    while (before !== undefined && before.low > place) before = before.before;
    node.link(alone, before);
    return true;
  }
}

function removeFrom(list: Extent[], extent: Extent): void {
  list.splice(list.indexOf(extent), 1);
}

function hasSpares({ spares }: ChainNode): boolean {
  return spares !== undefined && spares.length > 0;
}

import { type BehaviorProfile, OTHER_ROUTE, type RouteCount, type RouteTransition } from '../domain/index.js';

interface RouteWeight {
  requests: number;
  errors: number;
}

/** Weighted requests by route, at most `maxRoutes` of them: of more, the lightest goes into `other`. */
export class RouteTable {
  private readonly routes = new Map<string, RouteWeight>();
  /** Routes that went into `other`. */
  folded = 0;

  constructor(private readonly maxRoutes: number) {}

  add(count: RouteCount, weight: number): void {
    const entry = this.entryOf(count.route);
    entry.requests += count.requests * weight;
    entry.errors += (count.clientErrors + count.serverErrors) * weight;
  }

  multiply(factor: number): void {
    for (const entry of this.routes.values()) {
      entry.requests *= factor;
      entry.errors *= factor;
    }
  }

  toMix(): BehaviorProfile['routeMix'] {
    let total = 0;
    for (const entry of this.routes.values()) total += entry.requests;
    return [...this.routes]
      .filter(([, entry]) => entry.requests > 0)
      .map(([route, entry]) => ({
        route,
        shareRatio: entry.requests / total,
        // Errors count where the exchange ends: a request just before the first window may have its error in it.
        errorRatio: Math.min(1, entry.errors / entry.requests),
      }))
      .sort((a, b) => b.shareRatio - a.shareRatio || compareText(a.route, b.route));
  }

  private entryOf(route: string): RouteWeight {
    let entry = this.routes.get(route);
    if (!entry) {
      if (this.routes.size >= this.maxRoutes) this.foldLightest();
      entry = { requests: 0, errors: 0 };
      this.routes.set(route, entry);
    }
    return entry;
  }

  private foldLightest(): void {
    let lightest: string | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [route, { requests }] of this.routes) {
      if (requests < least && route !== OTHER_ROUTE) {
        least = requests;
        lightest = route;
      }
    }
    if (lightest === undefined) return;
    const folded = this.routes.get(lightest)!;
    this.routes.delete(lightest);
    this.folded += 1;
    const other = this.routes.get(OTHER_ROUTE);
    if (other) {
      other.requests += folded.requests;
      other.errors += folded.errors;
    } else if (this.routes.size < this.maxRoutes) {
      this.routes.set(OTHER_ROUTE, folded);
      if (this.routes.size >= this.maxRoutes) this.foldLightest();
    }
  }
}

/** Weighted pairs of successive routes, at most `maxTransitions` of them: of more, the lightest becomes `other → other`. */
export class TransitionTable {
  private readonly successors = new Map<string, Map<string, number>>();
  private size = 0;
  /** Pairs that became `other → other`. */
  folded = 0;

  constructor(private readonly maxTransitions: number) {}

  add({ from, to, count }: RouteTransition, weight: number): void {
    const known = this.successors.get(from)?.get(to);
    if (known === undefined && this.size >= this.maxTransitions) this.foldLightest();
    this.put(from, to, count * weight);
  }

  multiply(factor: number): void {
    for (const targets of this.successors.values()) {
      for (const [to, weight] of targets) targets.set(to, weight * factor);
    }
  }

  toProbabilities(): BehaviorProfile['transitions'] {
    return [...this.successors]
      .map(([from, targets]) => ({ from, targets, total: sumOf(targets.values()) }))
      .sort((a, b) => b.total - a.total || compareText(a.from, b.from))
      .flatMap(({ from, targets, total }) =>
        [...targets]
          .map(([to, weight]) => ({ from, to, probability: weight / total }))
          .sort((a, b) => b.probability - a.probability || compareText(a.to, b.to)),
      );
  }

  private put(from: string, to: string, weight: number): void {
    let targets = this.successors.get(from);
    if (!targets) {
      targets = new Map();
      this.successors.set(from, targets);
    }
    const before = targets.get(to);
    if (before === undefined) this.size += 1;
    targets.set(to, (before ?? 0) + weight);
  }

  private foldLightest(): void {
    let lightest: [string, string] | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [from, targets] of this.successors) {
      for (const [to, weight] of targets) {
        if (weight < least && !(from === OTHER_ROUTE && to === OTHER_ROUTE)) {
          least = weight;
          lightest = [from, to];
        }
      }
    }
    if (!lightest) return;
    const [from, to] = lightest;
    const targets = this.successors.get(from)!;
    targets.delete(to);
    if (targets.size === 0) this.successors.delete(from);
    this.size -= 1;
    this.folded += 1;
    const isFirst = this.successors.get(OTHER_ROUTE)?.get(OTHER_ROUTE) === undefined;
    this.put(OTHER_ROUTE, OTHER_ROUTE, least);
    // `other → other` took the room that was just made.
    if (isFirst) this.foldLightest();
  }
}

function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** By code units, so that every machine sorts alike. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

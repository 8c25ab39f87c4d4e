/** Up to this many steps ahead every step has its own statistics. */
const DENSE_STEPS = 12;
/** Beyond, statistics are kept at steps that grow by this factor, and interpolated in between. */
const KNOT_GROWTH = 1.25;

/** The steps ahead at which errors are measured: 1…12, then about every quarter more, ending with `steps` itself. */
export function horizonKnots(steps: number): number[] {
  const knots: number[] = [];
  for (let knot = 1; knot < steps; knot = knot < DENSE_STEPS ? knot + 1 : Math.ceil(knot * KNOT_GROWTH)) {
    knots.push(knot);
  }
  knots.push(steps);
  return knots;
}

/** Where `ahead` lies among ascending knots: between `lower` and `lower + 1`, `share` of the way; flat beyond the ends. */
export function locateKnot(knots: readonly number[], ahead: number): { lower: number; share: number } {
  const last = knots.length - 1;
  if (ahead <= knots[0]!) return { lower: 0, share: 0 };
  if (ahead >= knots[last]!) return { lower: last, share: 0 };
  let lower = Math.min(Math.floor(ahead) - 1, last);
  while (knots[lower]! > ahead) lower--;
  return { lower, share: (ahead - knots[lower]!) / (knots[lower + 1]! - knots[lower]!) };
}

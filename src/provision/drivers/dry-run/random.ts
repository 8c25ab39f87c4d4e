/** Uniform in [0, 1), the same for the same seed and name whatever else was drawn before (FNV-1a, then the finisher of MurmurHash3). */
export function uniformOf(seed: number, name: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193) >>> 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** Standard normal, by Box and Muller. */
export function normalOf(seed: number, name: string): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniformOf(seed, `${name}/radius`)));
  return radius * Math.cos(2 * Math.PI * uniformOf(seed, `${name}/angle`));
}

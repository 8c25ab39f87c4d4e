import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { STORE_DRIVERS } from '../../src/store/index.js';

it('has one driver for each folder', () => {
  const folders = readdirSync(new URL('../../src/store/drivers', import.meta.url));
  expect(Object.keys(STORE_DRIVERS).toSorted()).toEqual(folders.toSorted());
});

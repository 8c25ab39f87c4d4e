import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { BUS_DRIVERS } from '../../src/event/index.js';
import { RESOURCE_DRIVERS } from '../../src/provision/index.js';

it.each([
  ['event', BUS_DRIVERS],
  ['provision', RESOURCE_DRIVERS],
])('%s: every driver folder has its line in the registry, and no other', (room, drivers) => {
  const folders = readdirSync(new URL(`../../src/${room}/drivers/`, import.meta.url));
  expect(folders.sort()).toEqual(Object.keys(drivers).sort());
});

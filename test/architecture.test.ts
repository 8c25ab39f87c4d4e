import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findViolations, listImports, type SourceFile } from './architecture.js';

const ROOT = new URL('..', import.meta.url).pathname;

function readSources(): SourceFile[] {
  return readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({
      path: relative(ROOT, path).split(sep).join('/'),
      text: readFileSync(path, 'utf8'),
    }));
}

function file(path: string, text = ''): SourceFile {
  return { path, text };
}

describe('src/', () => {
  it('keeps the rules of the architecture', () => {
    const sources = readSources();
    expect(sources.length).toBeGreaterThan(0);
    expect(findViolations(sources)).toEqual([]);
  });
});

describe('findViolations', () => {
  it('lets a room import itself, those before it, and packages', () => {
    const files = [
      file('src/core/time.ts', "import { z } from 'zod';"),
      file('src/store/duckdb.ts', "import { a } from '../core/time.js';\nimport { b } from './row.js';"),
      file('src/store/row.ts'),
      file('src/main.ts', "import { run } from './cli/run.js';"),
      file('src/cli/run.ts'),
    ];
    expect(findViolations(files)).toEqual([]);
  });

  it.each([
    ["import { x } from '../engine/index.js';"],
    ["import type { X } from '../engine/index.js';"],
    ["export * from '../engine/index.js';"],
    ["import '../engine/index.js';"],
    ["const x = await import('../engine/index.js');"],
    ["import {\n  a,\n  type B,\n} from '../engine/index.js';"],
    ["import first, { second as other } from '../engine/index.js';"],
  ])('catches an import of what stands after: %j', (text) => {
    expect(findViolations([file('src/forecast/a.ts', text), file('src/engine/index.ts')])).toEqual([
      'src/forecast/a.ts imports src/engine/index.ts, which stands after it',
    ]);
  });

  it('catches a room that imports the composition root', () => {
    const files = [file('src/cli/a.ts', "import { x } from '../main.js';"), file('src/main.ts')];
    expect(findViolations(files)).toHaveLength(1);
  });

  it('catches a second importer of the native addon', () => {
    const text = "import addon from '../../native-bindings/dataplane-addon/index.js';";
    expect(findViolations([file('src/dataplane/a.ts', text)])).toEqual([]);
    expect(findViolations([file('src/capture/a.ts', text)])).toHaveLength(1);
    expect(findViolations([file('src/cli/a.ts', "require('./x.node')")])).toHaveLength(1);
  });

  it('catches a cycle between files of one room', () => {
    const files = [
      file('src/store/a.ts', "import './b.js';"),
      file('src/store/b.ts', "import './c.js';"),
      file('src/store/c.ts', "import './a.js';"),
    ];
    expect(findViolations(files)).toEqual([
      'import cycle: src/store/a.ts → src/store/b.ts → src/store/c.ts → src/store/a.ts',
    ]);
  });

  it('catches a folder and a file outside the list', () => {
    expect(findViolations([file('src/utils/a.ts'), file('src/loose.ts')])).toEqual([
      'src/utils/ is not in the list of rooms',
      'src/loose.ts is in no room',
    ]);
  });

  it('catches drivers without a port, a registry, or a line in it', () => {
    const driver = file('src/store/drivers/duckdb/index.ts');
    expect(findViolations([driver])).toHaveLength(3);
    const shape = [driver, file('src/store/types.ts')];
    const other = file('src/store/registry.ts', "import { x } from './drivers/duckdb2/index.js';");
    expect(findViolations([...shape, other])).toEqual([
      'src/store/registry.ts does not register drivers/duckdb',
    ]);
    const registry = file('src/store/registry.ts', "import { duckdb } from './drivers/duckdb/index.js';");
    expect(findViolations([...shape, registry])).toEqual([]);
  });
});

describe('listImports', () => {
  it('does not read comments or plain strings', () => {
    const text =
      "// import { a } from './a.js';\n/* export * from './b.js'; */\nconst from = 'import'; // from './c.js'\n";
    expect(listImports(text)).toEqual([]);
  });

  it('reads past a URL in a string', () => {
    expect(listImports("const at = 'http://x';\nimport { d } from './d.js';")).toEqual(['./d.js']);
  });
});

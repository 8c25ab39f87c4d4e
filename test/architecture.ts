// The rules of the source tree, as functions over file names and file texts: who may import whom, no cycles, one
// importer of the native addon, and the shape of rooms with drivers. Pure; `architecture.test.ts` holds `src/` to them.

/** A source file: path from the repository's root, with `/`, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** The rooms in their order; each may import only itself and those before it. */
export const ROOMS = [
  'core',
  'domain',
  'dataplane',
  'store',
  'capture',
  'behavior',
  'forecast',
  'decision',
  'shadow',
  'event',
  'provision',
  'experiment',
  'engine',
  'config',
  'api',
  'dashboard',
  'cli',
] as const;

/** The composition root, after every room. */
const ROOT_FILE = 'src/main.ts';
/** The one room that may import what is compiled from `native-bindings/`. */
const ADDON_ROOM = 'dataplane';
const ADDON_SPECIFIER = /native-bindings\/|\.node$|^foretap-dataplane-addon/;

/** Every rule that the files break, one sentence each; empty when they hold. */
export function findViolations(files: readonly SourceFile[]): string[] {
  return [
    ...findUnknownRooms(files),
    ...findBackwardImports(files),
    ...findAddonImports(files),
    ...findCycles(files),
    ...findMisshapenDriverRooms(files),
  ];
}

/** What a file imports or re-exports, statically, dynamically or as a type. Comments do not count. */
export function listImports(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[\s;{}(])\/\/.*$/gm, '$1');
  const patterns = [
    /\b(?:import|export)\s+(?:type\s+)?[\w*{}\s,$]*?\bfrom\s*['"]([^'"]+)['"]/g,
    /\bimport\s*['"]([^'"]+)['"]/g,
    /\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]/g,
  ];
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1]!));
}

function findUnknownRooms(files: readonly SourceFile[]): string[] {
  const rooms = new Set(files.map(({ path }) => roomOf(path)).filter((room) => room !== null));
  const unknown = [...rooms].filter((room) => !(ROOMS as readonly string[]).includes(room));
  const stray = files
    .map(({ path }) => path)
    .filter((path) => roomOf(path) === null && path !== ROOT_FILE && path.startsWith('src/'));
  return [
    ...unknown.map((room) => `src/${room}/ is not in the list of rooms`),
    ...stray.map((path) => `${path} is in no room`),
  ];
}

function findBackwardImports(files: readonly SourceFile[]): string[] {
  const place = (path: string) => {
    const room = roomOf(path);
    return room === null ? ROOMS.length : (ROOMS as readonly string[]).indexOf(room);
  };
  return files.flatMap((file) =>
    resolvedImports(file)
      .filter((target) => target.startsWith('src/') && place(target) > place(file.path))
      .map((target) => `${file.path} imports ${target}, which stands after it`),
  );
}

function findAddonImports(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => roomOf(path) !== ADDON_ROOM)
    .filter(({ text }) => listImports(text).some((specifier) => ADDON_SPECIFIER.test(specifier)))
    .map(({ path }) => `${path} imports the native addon; only src/${ADDON_ROOM}/ may`);
}

function findCycles(files: readonly SourceFile[]): string[] {
  const known = new Set(files.map(({ path }) => path));
  const targets = new Map(
    files.map((file) => [file.path, resolvedImports(file).filter((target) => known.has(target))]),
  );
  const done = new Set<string>();
  const trail: string[] = [];
  const cycles: string[] = [];
  const visit = (path: string) => {
    if (done.has(path)) return;
    const from = trail.indexOf(path);
    if (from !== -1) {
      cycles.push(`import cycle: ${[...trail.slice(from), path].join(' → ')}`);
      return;
    }
    trail.push(path);
    for (const target of targets.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  };
  for (const path of [...known].sort()) visit(path);
  return cycles;
}

// A room (or a part of one) with a folder `drivers/`: the port beside it, the registry beside it, and in the registry
// every driver.
function findMisshapenDriverRooms(files: readonly SourceFile[]): string[] {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const drivers = new Map<string, Set<string>>();
  for (const { path } of files) {
    const match = /^(src\/.+)\/drivers\/([^/]+)\//.exec(path);
    if (match === null) continue;
    drivers.set(match[1]!, (drivers.get(match[1]!) ?? new Set()).add(match[2]!));
  }
  return [...drivers].flatMap(([room, names]) => {
    const missing = ['types.ts', 'registry.ts'].filter((file) => !texts.has(`${room}/${file}`));
    const registered = listImports(texts.get(`${room}/registry.ts`) ?? '');
    const forgotten = [...names].filter(
      (name) => !registered.some((specifier) => specifier.startsWith(`./drivers/${name}/`)),
    );
    return [
      ...missing.map((file) => `${room}/ has drivers but no ${file}`),
      ...forgotten.map((name) => `${room}/registry.ts does not register drivers/${name}`),
    ];
  });
}

function roomOf(path: string): string | null {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? null;
}

/** Relative imports as paths of TypeScript files from the repository's root. */
function resolvedImports(file: SourceFile): string[] {
  return listImports(file.text)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => {
      const parts = file.path.split('/').slice(0, -1);
      for (const step of specifier.split('/')) {
        if (step === '..') parts.pop();
        else if (step !== '.') parts.push(step);
      }
      return parts.join('/').replace(/\.js$/, '.ts');
    });
}

// Bundle src/*.js into the directory given: hashed files, their .gz twins,
// manifest.json for web/assets.py and THIRD_PARTY.txt with the licences.

import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import * as esbuild from 'esbuild';
import { requireTranslations } from './translations.mjs';

const [out] = process.argv.slice(2);
if (!out) throw new Error('usage: node build.mjs DIRECTORY');

// Gzipped kilobytes a page may load for an entry: its own files and shared chunks.
const BUDGETS = { base: 90, form: 180, viewer: 75, designer: 260 };

requireTranslations();
fs.rmSync(out, { recursive: true, force: true });
const { metafile } = await esbuild.build({
  entryPoints: Object.keys(BUDGETS).map((name) => `src/${name}.js`),
  outdir: out,
  bundle: true,
  minify: true,
  splitting: true,
  format: 'esm',
  target: ['es2022'],
  // The icons of the editor stand in its style; these are for browsers of long ago.
  loader: { '.eot': 'empty', '.svg': 'empty' },
  entryNames: '[name]-[hash]',
  chunkNames: 'chunk-[hash]',
  legalComments: 'eof',
  metafile: true,
  logLevel: 'warning',
});

const sizes = compress();
const manifest = describe(metafile.outputs);
requireBudgets(manifest, sizes);
fs.writeFileSync(path.join(out, 'manifest.json'), JSON.stringify(manifest, null, 1));
fs.writeFileSync(path.join(out, 'THIRD_PARTY.txt'), licences(metafile.inputs));

function compress() {
  const sizes = {};
  for (const name of fs.readdirSync(out)) {
    const packed = zlib.gzipSync(fs.readFileSync(path.join(out, name)), { level: 9 });
    fs.writeFileSync(path.join(out, `${name}.gz`), packed);
    sizes[name] = packed.length;
  }
  return sizes;
}

function describe(outputs) {
  const manifest = {};
  for (const [file, output] of Object.entries(outputs)) {
    if (!output.entryPoint?.endsWith('.js')) continue;
    manifest[path.basename(output.entryPoint, '.js')] = {
      script: path.basename(file),
      styles: output.cssBundle ? [path.basename(output.cssBundle)] : [],
      chunks: [...staticImports(outputs, file)].map((chunk) => path.basename(chunk)),
    };
  }
  return manifest;
}

function staticImports(outputs, file, found = new Set()) {
  for (const { path: chunk, kind } of outputs[file].imports) {
    if (kind !== 'import-statement' || found.has(chunk)) continue;
    found.add(chunk);
    staticImports(outputs, chunk, found);
  }
  return found;
}

function requireBudgets(manifest, sizes) {
  for (const [entry, { script, styles, chunks }] of Object.entries(manifest)) {
    const bytes = [script, ...styles, ...chunks].reduce((sum, f) => sum + sizes[f], 0);
    const kilobytes = Math.ceil(bytes / 1024);
    console.log(`${entry}: ${kilobytes} kB gzipped of ${BUDGETS[entry]}`);
    if (kilobytes > BUDGETS[entry]) throw new Error(`${entry} is over its budget`);
  }
}

// esbuild collects licence comments only; the licences ask for their whole text.
function licences(inputs) {
  const packages = new Set();
  for (const input of Object.keys(inputs)) {
    const at = input.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/);
    if (at) packages.add(at[0]);
  }
  return [...packages].sort().map(licenceOf).join(`\n${'='.repeat(72)}\n`);
}

function licenceOf(directory) {
  const about = JSON.parse(fs.readFileSync(path.join(directory, 'package.json')));
  const texts = fs
    .readdirSync(directory)
    .filter((name) => /^(licen[cs]e|notice|copying)/i.test(name))
    .map((name) => fs.readFileSync(path.join(directory, name), 'utf8').trim());
  if (!texts.length && !about.license) {
    throw new Error(`${about.name} states no licence and cannot be bundled`);
  }
  return [`${about.name} ${about.version} (${about.license ?? 'see below'})`, ...texts, '']
    .join('\n\n');
}

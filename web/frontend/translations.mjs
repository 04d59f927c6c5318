// Refuse a build in which the form viewer could show an English message.

import fs from 'node:fs';
import { FORM_MESSAGES } from './src/zh-cn.js';

export function requireTranslations() {
  const source = fs.readFileSync(
    'node_modules/@bpmn-io/form-js-viewer/dist/index.es.js',
    'utf8',
  );
  const calls = /\b_?translate\((?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g;
  // Comments hold examples of the call, not messages.
  const code = source.replace(/^\s*\*.*$/gm, '');
  const used = [...code.matchAll(calls)].map(([, single, double]) => single ?? double);
  const missing = used.filter((message) => !(message in FORM_MESSAGES));
  if (!used.length) throw new Error('no message of the form viewer was found');
  if (missing.length) throw new Error(`without Chinese: ${missing.join(' | ')}`);
}

// Refuse a build in which the form viewer or the editor could show an English message.

import fs from 'node:fs';
import path from 'node:path';
import { FORM_MESSAGES } from './src/zh-cn.js';
import { MODELER_MESSAGES } from './src/zh-cn-modeler.js';

const FORM_VIEWER = 'node_modules/@bpmn-io/form-js-viewer/dist/index.es.js';
const MODELER = ['node_modules/bpmn-js/lib', 'node_modules/diagram-js/lib'];
// An SVG transform is written 'translate(' + x: that is no call.
const TRANSLATED = /(?<!['"`])\b_?translate\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*[,)]/g;
const LABEL = /\blabel: '([^']+)'/g;

export function requireTranslations() {
  require('the form viewer', messages(source(FORM_VIEWER), TRANSLATED), FORM_MESSAGES);
  const files = MODELER.flatMap(scripts);
  require('the editor', files.flatMap((file) => messages(source(file), TRANSLATED)), MODELER_MESSAGES);
  const menus = files.filter((file) => /(PopupEntries|ReplaceOptions)\.js$/.test(file));
  require('its menus', menus.flatMap((file) => messages(source(file), LABEL)), MODELER_MESSAGES);
}

function require(whose, used, known) {
  const missing = used.filter((message) => !(message in known));
  if (!used.length) throw new Error(`no message of ${whose} was found`);
  if (missing.length) throw new Error(`${whose}, without Chinese: ${missing.join(' | ')}`);
}

function messages(code, calls) {
  return [...code.matchAll(calls)].map(([, single, double]) => single ?? double);
}

// Comments hold examples of the call, not messages.
function source(file) {
  return fs.readFileSync(file, 'utf8').replace(/^\s*\*.*$/gm, '');
}

function scripts(directory) {
  return fs
    .readdirSync(directory, { recursive: true })
    .filter((name) => name.endsWith('.js'))
    .map((name) => path.join(directory, name));
}

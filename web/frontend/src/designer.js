// Edit [data-designer]: a diagram that the server judges and deploys.

import Modeler from 'bpmn-js/lib/Modeler';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn-embedded.css';
import './designer.css';
import { csrfHeader, element } from './page.js';
import { startProperties } from './properties.js';
import { translation } from './zh-cn.js';
import { MODELER_MESSAGES } from './zh-cn-modeler.js';

// Below this the names, 12 px high at full size, are too small to read.
const READABLE_SCALE = 0.75;
const PALETTE_WIDTH = 130;
const MARGIN = 20;
const SEVERITIES = { error: '错误', warning: '警告' };

const container = document.querySelector('[data-designer]');
const said = document.getElementById('said');
const problems = document.getElementById('problems');
const buttons = [...document.querySelectorAll('[data-act]')];
const acts = { validate, publish: () => publish(false), confirm: () => publish(true) };

let modeler;
// The diagram in force: as it was deployed, and as the editor would write it.
let published;
let rewritten;
let unsaved = false;
start();

async function start() {
  try {
    const answer = await fetch(container.dataset.xmlUrl, { credentials: 'same-origin' });
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
    published = await answer.text();
    modeler = new Modeler({
      container,
      additionalModules: [translation(MODELER_MESSAGES)],
    });
    await modeler.importXML(published);
    rewritten = await write();
  } catch (error) {
    say('流程图无法显示，请刷新重试。', 'danger');
    container.dataset.ready = 'failed';
    throw error;
  }
  show(modeler.get('canvas'), modeler.get('elementRegistry'));
  startProperties(modeler, document.getElementById('properties'));
  for (const button of buttons) {
    button.addEventListener('click', () => during(acts[button.dataset.act]));
  }
  modeler.get('eventBus').on('commandStack.changed', () => {
    unsaved = true;
    offerConfirmation(false);
  });
  window.addEventListener('beforeunload', (event) => {
    if (unsaved) event.preventDefault();
  });
  container.dataset.ready = 'true';
}

// The whole diagram beside the palette; where the whole cannot be read, its beginning
// at full size, with the start half way down.
function show(canvas, registry) {
  const { inner, outer } = canvas.viewbox();
  const fitting = Math.min(
    1,
    (outer.width - PALETTE_WIDTH) / inner.width,
    outer.height / (inner.height + 2 * MARGIN),
  );
  const scale = fitting < READABLE_SCALE ? 1 : fitting;
  const height = outer.height / scale;
  const start = registry.find(
    ({ type, parent }) => type === 'bpmn:StartEvent' && parent.type !== 'bpmn:SubProcess',
  );
  const top = inner.y - MARGIN;
  const lowest = inner.y + inner.height + MARGIN - height;
  canvas.viewbox({
    x: inner.x - PALETTE_WIDTH / scale,
    y: Math.max(top, Math.min((start ?? inner).y - height / 2, lowest)),
    width: outer.width / scale,
    height,
  });
}

// One answer at a time: a second click must not publish twice.
async function during(act) {
  for (const button of buttons) button.disabled = true;
  try {
    await act();
  } catch {
    say('没有连上服务器，没有任何内容被改动。请稍后再试。', 'danger');
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

async function validate() {
  const { ok, body } = await send(container.dataset.validateUrl, await current());
  if (!ok) return refused(body);
  const errors = body.problems.filter(({ severity }) => severity === 'error').length;
  const warnings = body.problems.length - errors;
  if (errors) say(`有 ${errors} 处错误、${warnings} 处警告，不能发布。`, 'danger');
  else if (warnings) say(`没有错误，有 ${warnings} 处警告。`, 'warning');
  else say('没有问题，可以发布。', 'success');
  list(body.problems);
}

async function publish(confirmed) {
  const sent = await current();
  const { ok, body } = await send(container.dataset.publishUrl, sent, {
    version: container.dataset.version,
    ...(confirmed ? { confirmed: 1 } : {}),
  });
  if (!ok) return refused(body);
  if (sent !== published) published = rewritten = sent;
  unsaved = (await current()) !== sent;
  container.dataset.version = body.version;
  document.getElementById('version').textContent = `第 ${body.version} 版`;
  offerConfirmation(false);
  say(body.message, 'success');
  list(body.problems);
}

function refused({ error, problems: found = [], confirm = false }) {
  say(error, confirm ? 'warning' : 'danger');
  list(found);
  offerConfirmation(confirm);
}

async function send(url, xml, query = {}) {
  const address = new URL(url, window.location.href);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  const answer = await fetch(address, {
    method: 'POST',
    credentials: 'same-origin',
    headers: {
      'Content-Type': 'application/xml',
      Accept: 'application/json',
      ...csrfHeader(),
    },
    body: xml,
  });
  if (answer.headers.get('Content-Type')?.startsWith('application/json')) {
    return { ok: answer.ok, body: await answer.json() };
  }
  const error = '登录已失效或内容无法提交，请在新窗口登录后再试。';
  return { ok: false, body: { error } };
}

// An untouched diagram goes back as it came: writing it anew would be a new version.
async function current() {
  const written = await write();
  return written === rewritten ? published : written;
}

async function write() {
  return (await modeler.saveXML({ format: true })).xml;
}

function say(message, kind) {
  said.className = `alert alert-${kind}`;
  said.textContent = message;
}

function offerConfirmation(offered) {
  document.querySelector('[data-act=confirm]').hidden = !offered;
}

// Show the problems and mark their elements; a click goes to the element.
function list(found) {
  const canvas = modeler.get('canvas');
  const registry = modeler.get('elementRegistry');
  for (const shape of registry.getAll()) {
    for (const severity of Object.keys(SEVERITIES)) canvas.removeMarker(shape, `has-${severity}`);
  }
  problems.replaceChildren(
    ...found.map(({ severity, element: id, message }) => {
      const shape = registry.get(id);
      if (shape) canvas.addMarker(shape, `has-${severity}`);
      const text = `${SEVERITIES[severity]}：${message}`;
      const kind = `list-group-item is-${severity}`;
      if (!shape) return element('li', { class: kind }, text);
      const button = element('button', { type: 'button', class: 'btn btn-link p-0' }, text);
      button.addEventListener('click', () => {
        modeler.get('selection').select(shape);
        canvas.scrollToElement(shape);
        canvas.focus();
      });
      return element('li', { class: kind, 'data-element': id }, button);
    }),
  );
}

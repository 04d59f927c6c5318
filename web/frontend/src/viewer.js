// Draw [data-diagram]: where a process instance stands.

import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import { element, readJson } from './page.js';
import './viewer.css';
import { DIAGRAM_MESSAGES, translation } from './zh-cn.js';

// Said by sign and word as well as colour, for those who cannot tell colours apart.
const MARKS = {
  done: '✓ 已办',
  active: '▶ 在办',
  overdue: '■ 逾期',
  failed: '! 故障',
};
// Below this the names, 12 px high at full size, are too small to read.
const READABLE_SCALE = 0.75;

// Behind a tab or a closed <details> a diagram has no size to be fitted to: it is
// drawn when it is first seen.
const sight = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    sight.unobserve(target);
    draw(target);
  }
});
for (const container of document.querySelectorAll('[data-diagram]')) sight.observe(container);

async function draw(container) {
  try {
    const answer = await fetch(container.dataset.xmlUrl, { credentials: 'same-origin' });
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
    const viewer = new NavigatedViewer({
      container,
      // The wheel scrolls the page; the diagram has its own buttons and keys.
      zoomScroll: { enabled: false },
      additionalModules: [translation(DIAGRAM_MESSAGES)],
    });
    await viewer.importXML(await answer.text());
    const marks = readJson(container.dataset.marks, {});
    mark(viewer, marks);
    show(viewer, marks);
    addControls(viewer, container, marks);
    container.dataset.ready = 'true';
  } catch (error) {
    container.replaceChildren(
      element('p', { class: 'alert alert-warning', role: 'alert' }, '流程图无法显示，请刷新重试。'),
    );
    container.dataset.ready = 'failed';
    throw error;
  }
}

// Colour the elements of {done, active, overdue, failed}: [id]; later marks win.
function mark(viewer, marks) {
  const canvas = viewer.get('canvas');
  const registry = viewer.get('elementRegistry');
  const overlays = viewer.get('overlays');
  for (const [kind, label] of Object.entries(MARKS)) {
    for (const id of marks[kind] ?? []) {
      const shape = registry.get(id);
      if (!shape) continue;
      canvas.addMarker(id, `is-${kind}`);
      if (shape.waypoints) continue;
      overlays.remove({ element: id });
      const html = element('span', { class: `mark mark-${kind}` }, label);
      overlays.add(id, { position: { top: -20, left: 0 }, html });
    }
  }
}

// Fit the whole; where that is too small to read, go to where the work is.
function show(viewer, marks) {
  const canvas = viewer.get('canvas');
  canvas.zoom('fit-viewport', 'auto');
  const shape = ['failed', 'overdue', 'active']
    .flatMap((kind) => marks[kind] ?? [])
    .map((id) => viewer.get('elementRegistry').get(id))
    .find((found) => found && !found.waypoints);
  if (!shape || canvas.zoom() >= READABLE_SCALE) return;
  const { outer } = canvas.viewbox();
  canvas.viewbox({
    x: shape.x + shape.width / 2 - outer.width / 2,
    y: shape.y + shape.height / 2 - outer.height / 2,
    width: outer.width,
    height: outer.height,
  });
}

function addControls(viewer, container, marks) {
  const canvas = viewer.get('canvas');
  const zoomBy = (factor) => canvas.zoom(Math.min(4, Math.max(0.2, canvas.zoom() * factor)));
  const actions = [
    ['+', '放大', () => zoomBy(1.25)],
    ['-', '缩小', () => zoomBy(0.8)],
    ['0', '看全图', () => canvas.zoom('fit-viewport', 'auto')],
    ['.', '看在办处', () => show(viewer, marks)],
  ];
  const bar = element('div', { class: 'diagram-controls', role: 'group', 'aria-label': '流程图缩放' });
  for (const [key, label, act] of actions) {
    const title = `${label}（${key}）`;
    const button = element('button', { type: 'button', class: 'btn btn-light', title }, label);
    button.addEventListener('click', act);
    bar.append(button);
  }
  container.before(bar);
  container.setAttribute('role', 'region');
  container.setAttribute('aria-label', '流程图');
  container.addEventListener('keydown', (event) => {
    const action = actions.find(([key]) => key === event.key.replace('=', '+'));
    if (!action || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    action[2]();
  });
  panByTouch(canvas, container);
}

// The viewer pans with the mouse only. Sideways drags are ours on a touch screen, up
// and down stay with the page (touch-action in viewer.css).
function panByTouch(canvas, container) {
  let last = null;
  container.addEventListener('pointerdown', (event) => {
    last = event.pointerType === 'touch' ? event : null;
  });
  container.addEventListener('pointermove', (event) => {
    if (!last || last.pointerId !== event.pointerId) return;
    canvas.scroll({ dx: event.clientX - last.clientX, dy: event.clientY - last.clientY });
    last = event;
  });
  for (const end of ['pointerup', 'pointercancel']) {
    container.addEventListener(end, () => {
      last = null;
    });
  }
}

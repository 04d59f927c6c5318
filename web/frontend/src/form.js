// Draw [data-form] with form-js inside its HTML form, which stays the one that is sent.

import { Form } from '@bpmn-io/form-js-viewer';
import '@bpmn-io/form-js-viewer/dist/assets/form-js.css';
import flatpickr from 'flatpickr';
import { Mandarin } from 'flatpickr/dist/esm/l10n/zh.js';
import { startDrafts } from './drafts.js';
import './form.css';
import { element, readJson } from './page.js';
import { countWords } from './words.js';
import { FORM_LABELS, FORM_MESSAGES, translation } from './zh-cn.js';

flatpickr.localize({ ...Mandarin, firstDayOfWeek: 1 });
for (const container of document.querySelectorAll('[data-form]')) draw(container);

async function draw(container) {
  // form-js would keep what is typed back for 300 ms, in a callback of an earlier
  // drawing: who submits at once, or goes on to another field, could lose it.
  const form = new Form({
    container,
    debounce: false,
    additionalModules: [translation(FORM_MESSAGES)],
  });
  translateLabels(container);
  const { schema, values, errors } = container.dataset;
  await form.importSchema(readJson(schema), readJson(values, {}));
  if (container.dataset.readonly !== undefined) {
    form.setProperty('readOnly', true);
  } else {
    connect(form, container);
    countWords(form, container, readJson(schema));
  }
  showErrors(form, container, readJson(errors, {}));
  container.dataset.ready = 'true';
}

// Write the fields into the HTML form at its submission; a button that carries
// `formnovalidate` (return, save) sends them as they are.
function connect(form, container) {
  const page = container.closest('form');
  const fields = page.elements.namedItem('fields');
  const drafts = startDrafts(form, container);
  let sending = false;
  page.addEventListener('submit', (event) => {
    sending = true;
    const { data, errors } = form.submit();
    sending = false;
    const first = Object.keys(errors)[0];
    if (first && !event.submitter?.formNoValidate) {
      event.preventDefault();
      input(container, first)?.focus();
      return;
    }
    fields.value = JSON.stringify(data);
    drafts.stop();
  });
  // A submit button drawn inside the form stands for the first one of the page.
  form.on('submit', () => {
    if (!sending) page.requestSubmit(page.querySelector('[type=submit]'));
  });
}

// Show the server's refusals, {key: [messages]}, at their fields and in a summary.
function showErrors(form, container, errors) {
  if (!Object.keys(errors).length) return;
  const byKey = new Map(
    form.get('formFieldRegistry').getAll().map((field) => [field.key, field]),
  );
  const inline = {};
  const lines = Object.entries(errors).map(([key, messages]) => {
    const field = byKey.get(key);
    if (!field) return element('li', {}, messages.join(' '));
    inline[field.id] = messages;
    const link = element('a', { href: '#' }, `${field.label ?? key}：${messages.join(' ')}`);
    link.addEventListener('click', (event) => {
      event.preventDefault();
      input(container, field.id)?.focus();
    });
    return element('li', {}, link);
  });
  // form-js has no public door for errors found elsewhere; its version is pinned.
  form._setState({ errors: inline });
  const summary = element(
    'div',
    { class: 'alert alert-danger', role: 'alert', tabindex: '-1' },
    element('p', {}, `有 ${lines.length} 处需要更正：`),
    element('ul', {}, ...lines),
  );
  container.before(summary);
  summary.focus();
}

function input(container, fieldId) {
  return container.querySelector(`[id$="-${CSS.escape(fieldId)}"]`);
}

function translateLabels(container) {
  const translate = () => {
    for (const { at, english, chinese } of FORM_LABELS) {
      for (const found of container.querySelectorAll(at)) {
        if (!english) found.placeholder = chinese;
        // The text node itself is kept: the renderer holds on to it.
        else if (found.textContent === english) found.firstChild.data = chinese;
      }
    }
  };
  new MutationObserver(translate).observe(container, { childList: true, subtree: true });
}

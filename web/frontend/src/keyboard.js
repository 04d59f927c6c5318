// One-letter keys: j k walk along [data-row], / goes to the search box, ? lists the
// keys, any other letter goes to its [data-key]. A key brings the person to a button
// that submits and never presses it: no opinion is given by a slip of the hand.

import { element } from './page.js';

const SWITCH = 'ducha.keyboard';

export function startKeyboard() {
  const help = helpDialog();
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (isTyping(event.target) || document.querySelector('dialog[open], .modal.show')) return;
    if (event.key !== '?' && localStorage.getItem(SWITCH) === 'off') return;
    if (press(event.key, help)) event.preventDefault();
  });
}

function press(key, help) {
  if (key === '?') return open(help);
  if (key === 'j') return walk(+1);
  if (key === 'k') return walk(-1);
  const target = [...document.querySelectorAll('[data-key]')].find(
    (candidate) => candidate.dataset.key === key && candidate.checkVisibility(),
  );
  if (!target) return false;
  target.focus();
  if (!submits(target) && !target.matches('input, textarea, select')) target.click();
  return true;
}

function walk(direction) {
  const links = [...document.querySelectorAll('[data-row]')]
    .map((row) => (row.matches('a[href]') ? row : row.querySelector('a[href]')))
    .filter((link) => link?.checkVisibility());
  if (!links.length) return false;
  const row = document.activeElement.closest('[data-row]');
  const at = links.findIndex((link) => row?.contains(link));
  const next = at < 0 ? 0 : Math.min(Math.max(at + direction, 0), links.length - 1);
  links[next].focus();
  return true;
}

function submits(target) {
  return target.matches('button:not([type]), [type=submit]') && target.form;
}

function isTyping(target) {
  return target.isContentEditable || target.matches('input, textarea, select, .djs-container *');
}

function open(help) {
  const keys = [...document.querySelectorAll('[data-key]')].map((target) => [
    target.dataset.key,
    target.dataset.keyLabel ?? target.getAttribute('aria-label') ?? target.textContent.trim(),
  ]);
  const rows = [['j / k', '下一条 / 上一条'], ['Enter', '打开或确认'], ...keys, ['?', '显示本说明']];
  help.querySelector('dl').replaceChildren(
    ...rows.flatMap(([key, label]) => [
      element('dt', {}, element('kbd', {}, key)),
      element('dd', {}, label),
    ]),
  );
  help.showModal();
  return true;
}

// Speech input and slips press letters too, so that the keys can be turned off
// (WCAG 2.1.4).
function helpDialog() {
  const on = element('input', { type: 'checkbox', id: 'keyboard-switch' });
  on.checked = localStorage.getItem(SWITCH) !== 'off';
  on.addEventListener('change', () => {
    localStorage.setItem(SWITCH, on.checked ? 'on' : 'off');
  });
  const help = element(
    'dialog',
    { class: 'keyboard-help', 'aria-labelledby': 'keyboard-title' },
    element('h2', { id: 'keyboard-title' }, '键盘快捷键'),
    element('dl'),
    element('label', { for: 'keyboard-switch' }, on, ' 启用单键快捷键'),
    element('form', { method: 'dialog' }, element('button', { class: 'btn btn-primary' }, '关闭')),
  );
  document.body.append(help);
  return help;
}

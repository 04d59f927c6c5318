// Save what is being written by itself, one second after the last change.

import { csrfHeader, element } from './page.js';

const DELAY_MS = 1000;

// Post the fields as JSON to data-draft-url, if there is one; `stop` drops what waits.
export function startDrafts(form, container) {
  const url = container.dataset.draftUrl;
  if (!url) return { stop() {} };
  const status = element('p', { class: 'draft-status', role: 'status' });
  container.after(status);
  let waiting = null;

  async function save() {
    stop();
    const { data } = form._getState();
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...csrfHeader() },
        body: JSON.stringify(data),
        keepalive: true,
      });
      if (!answer.ok) throw new Error(answer.statusText);
      const time = new Date().toLocaleTimeString('zh-CN', { timeStyle: 'short' });
      status.textContent = `草稿已保存 ${time}`;
    } catch {
      status.textContent = '草稿没有保存成功，请不要关闭本页；下次修改时会再试。';
    }
  }
  function stop() {
    clearTimeout(waiting);
    waiting = null;
  }
  form.on('changed', () => {
    stop();
    waiting = setTimeout(save, DELAY_MS);
  });
  // Whoever leaves the page within that second loses nothing.
  document.addEventListener('visibilitychange', () => {
    if (waiting && document.visibilityState === 'hidden') save();
  });
  return { stop };
}

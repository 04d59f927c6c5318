// Every page: styles, htmx, menus, keyboard, polling.

import 'bootstrap/dist/css/bootstrap.min.css';
import 'bootstrap/js/dist/collapse';
import 'bootstrap/js/dist/dropdown';
import 'bootstrap/js/dist/modal';
import 'bootstrap/js/dist/tab';
import htmx from 'htmx.org';
import { startKeyboard } from './keyboard.js';
import { csrfHeader } from './page.js';
import { startWall } from './wall.js';
import './theme.css';
import './pages.css';

// The content security policy allows neither eval nor styles in the page.
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
document.addEventListener('htmx:configRequest', ({ detail }) => {
  Object.assign(detail.headers, csrfHeader());
});

startPolling();
startKeyboard();
startWall();

// Refresh [data-poll] from its address while the page is looked at.
function startPolling() {
  for (const target of document.querySelectorAll('[data-poll]')) {
    setInterval(() => {
      if (document.visibilityState !== 'visible') return;
      htmx.ajax('GET', target.dataset.poll, { target, swap: 'innerHTML' });
    }, 1000 * Number(target.dataset.pollSeconds ?? 30));
  }
}

// Count the characters of a text that has a limit while it is written (R-00-37).

import { element } from './page.js';

// Put the count and the limit under each text with `maxWords`; the server decides.
export function countWords(form, container, schema) {
  const language = form.get('expressionLanguage');
  const limited = texts(schema).filter((field) => field.properties?.maxWords);
  const counts = new Map(
    limited.map((field) => [field, element('p', { class: 'word-count' })]),
  );
  const show = () => {
    const { data } = form._getState();
    for (const [field, count] of counts) {
      const text = container.querySelector(`[id$="-${CSS.escape(field.id)}"]`);
      // A field that was hidden and is shown again is drawn anew.
      if (text && !count.isConnected) text.closest('.fjs-form-field').append(count);
      const { maxWords } = field.properties;
      const most = language.isExpression(maxWords)
        ? language.evaluate(maxWords, data)
        : Number(maxWords);
      const written = length(data[field.key]);
      count.textContent = `现有 ${written} 字${most ? `，不超过 ${most} 字为宜` : ''}`;
      count.classList.toggle('is-over', Boolean(most) && written > most);
    }
  };
  form.on('changed', show);
  show();
}

// Blanks and line ends do not count.
function length(text) {
  return Array.from(String(text ?? '').replace(/\s/gu, '')).length;
}

function texts({ components = [] }) {
  return components.flatMap((one) => [one, ...texts(one)]);
}

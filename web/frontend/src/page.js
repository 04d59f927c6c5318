// What the entries read from the page: they get data, never inline scripts.

// Return the parsed content of <script type="application/json" id=…>, if it exists.
export function readJson(id, otherwise) {
  const script = id && document.getElementById(id);
  return script ? JSON.parse(script.textContent) : otherwise;
}

// Return the header Flask-WTF looks for in requests that are not plain forms.
export function csrfHeader() {
  const meta = document.querySelector('meta[name="csrf-token"]');
  return meta ? { 'X-CSRFToken': meta.content } : {};
}

// Return a new element with the attributes and children given.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

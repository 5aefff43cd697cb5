// Elements as the page makes them: text goes in as text, never as markup.

export function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Text of strangers: its direction is its own affair and may not turn its neighbours. */
export function bidi(tag, className, text) {
  const made = element(tag, className, text);
  made.dir = "auto";
  return made;
}

/** A colour that belongs to a name. */
export function hueOf(name) {
  let hash = 7;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)) % 997;
  return (hash * 137) % 360;
}

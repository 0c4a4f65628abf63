// What scripts say comes from the page, in the reader's language: the template "words" of base.html.

export function say(name, facts = {}) {
  const held = document.getElementById("words")?.content.querySelector(`data[value="${name}"]`);
  return Object.entries(facts).reduce(
    (text, [key, value]) => text.replaceAll(`{${key}}`, value),
    held?.textContent ?? name,
  );
}

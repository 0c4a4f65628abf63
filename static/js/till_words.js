// What the till's scripts say comes from the page, in the reader's language: the template "till-words".

export function word(name, facts = {}) {
  const held = document.getElementById("till-words")?.content.querySelector(`data[value="${name}"]`);
  return Object.entries(facts).reduce(
    (text, [key, value]) => text.replaceAll(`{${key}}`, value),
    held?.textContent ?? name,
  );
}

// One of two wordings by number: "to-clear-one", "to-clear".
export function counted(name, count) {
  return count === 1 ? word(`${name}-one`) : word(name, { count });
}

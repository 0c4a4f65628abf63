// Makes what stands equal to what the server sent, and touches nothing that is equal already, so that the
// hand keeps its place. What the page owns itself ([data-own]) stays where it is.

const KEPT = new Set(["aria-current", "aria-busy"]);

export function morph(standing, wanted) {
  dress(standing, wanted);
  let at = standing.firstChild;
  for (const node of [...wanted.childNodes]) {
    if (own(node)) continue;
    const next = pastOwn(at);
    const same = match(standing, next, node);
    if (!same) {
      standing.insertBefore(node.cloneNode(true), at);
    } else {
      if (same === next) at = next.nextSibling;
      else standing.insertBefore(same, at);
      update(same, node);
    }
  }
  while (at) {
    const next = at.nextSibling;
    if (!own(at)) at.remove();
    at = next;
  }
}

function update(standing, wanted) {
  if (standing.nodeType === Node.ELEMENT_NODE) morph(standing, wanted);
  else if (standing.nodeValue !== wanted.nodeValue) standing.nodeValue = wanted.nodeValue;
}

function dress(standing, wanted) {
  for (const { name } of [...standing.attributes]) {
    if (!wanted.hasAttribute(name) && !KEPT.has(name)) standing.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (standing.getAttribute(name) !== value) standing.setAttribute(name, value);
  }
}

function match(parent, next, node) {
  if (node.id) {
    const known = document.getElementById(node.id);
    return known?.parentNode === parent ? known : null;
  }
  if (!next || next.id || next.nodeName !== node.nodeName) return null;
  return next;
}

function pastOwn(node) {
  while (node && own(node)) node = node.nextSibling;
  return node;
}

function own(node) {
  return node.nodeType === Node.ELEMENT_NODE && "own" in node.dataset;
}

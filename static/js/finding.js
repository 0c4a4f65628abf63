// A scanner types wherever the focus is. On a screen with one search (#find) a scan, or a letter typed into the void,
// goes there; once it was sent the text is selected, so that the next scan takes its place.

document.addEventListener("keydown", (event) => {
  const field = document.getElementById("find");
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (!field || typing || event.key.length !== 1 || event.key === " ") return;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  field.focus();
  field.select();
});

document.addEventListener("submit", (event) => {
  const field = event.target.querySelector("#find");
  if (field && document.activeElement === field) field.select();
});

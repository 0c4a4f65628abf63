// What stays across the top until the fact ends: an unknown outcome, a lost connection, a refusal kept.

// Shows or rewords the banner `id`. `kind` is "", "warn" or "bad"; `node` is a button or link at its end.
export function raise(id, text, { kind = "", node = null } = {}) {
  lower(id);
  const banner = document.createElement("p");
  banner.id = id;
  banner.className = kind ? `banner banner-${kind}` : "banner";
  banner.setAttribute("role", kind === "bad" ? "alert" : "status");
  if (!kind) banner.append(spinner());
  const words = document.createElement("span");
  words.textContent = text;
  banner.append(words);
  if (node) banner.append(node);
  document.getElementById("banners")?.append(banner);
  return banner;
}

export function lower(id) {
  document.getElementById(id)?.remove();
}

function spinner() {
  const turning = document.createElement("i");
  turning.className = "spin";
  return turning;
}

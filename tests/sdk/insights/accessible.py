"""What somebody with a keyboard or a screen reader, or in the sun, would stumble over, as a browser sees it."""

from __future__ import annotations

from typing import Final

COMPLAINTS: Final = """
(() => {
  const found = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const named = (e) => e.getAttribute("aria-label") || e.textContent.trim() || e.title ||
    [...(e.labels || [])].map((l) => l.textContent.trim()).join("");
  for (const e of all("a, button, input, select, [tabindex='0'], [role=tab]"))
    if (!named(e)) found.push("without a name: " + e.outerHTML.slice(0, 80));
  for (const e of all("svg"))
    if (!e.closest("[aria-hidden=true]") && !e.querySelector("title"))
      found.push("without a title: " + e.outerHTML.slice(0, 80));
  all("h1, h2, h3, h4").reduce((before, e) => {
    const level = Number(e.tagName[1]);
    if (level > before + 1) found.push(`heading ${before} is followed by ${level}: ${e.textContent}`);
    return level;
  }, 0);
  const ids = all("[id]").map((e) => e.id);
  for (const id of ids.filter((id, i) => ids.indexOf(id) !== i)) found.push("twice: #" + id);
  for (const e of all("[aria-controls], [aria-labelledby]"))
    for (const id of [e.getAttribute("aria-controls"), e.getAttribute("aria-labelledby")])
      if (id && !document.getElementById(id)) found.push("nowhere: #" + id);
  // WCAG 2.2, relative luminance and 1.4.3
  const parts = (colour) => colour.match(/[0-9.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = parts(colour).slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      const colour = parts(style.backgroundColor);
      if (colour.length < 4 || colour[3] > 0.9) return style.backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  for (const e of all("body *")) {
    const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!text || e.closest("svg, .hidden, script, style") || !e.getClientRects().length) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push(`contrast ${contrast.toFixed(1)}: ${e.textContent.slice(0, 40)}`);
  }
  return found;
})()
"""

// Several images at once, as the version sees them: those that it sees rightly are confirmed together.

import { colour } from "./drawing.js";
import { make, picture } from "./page.js";

const SIDE = 360;

export function sheet(list, labels, signs, toggled) {
  let cards = [];

  async function paint(canvas, number, boxes) {
    const bitmap = await picture(number), scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
    canvas.width = Math.max(1, Math.round(bitmap.width * scale)); canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    for (const { label, left, top, width, height } of boxes) {
      const sides = [left * canvas.width, top * canvas.height, width * canvas.width, height * canvas.height];
      for (const [wide, style] of [[5, "#000b"], [3, colour(labels, label)]]) { context.lineWidth = wide; context.strokeStyle = style; context.strokeRect(...sides); }
    }
  }
  function card({ number, boxes, text }, place) {
    const line = make("li"), button = make("button", { type: "button" }), canvas = make("canvas"), about = make("span", { className: "about" });
    canvas.setAttribute("aria-hidden", "true");
    about.append(make("span", { textContent: text }), make("kbd", { textContent: signs[place] }));
    button.append(canvas, about, make("span", { className: "state" }));
    const entry = { number, right: true, button, ready: paint(canvas, number, boxes) };
    entry.turn = right => {
      entry.right = right;
      button.setAttribute("aria-pressed", String(right));
      button.lastChild.textContent = right ? "right" : "not right";
    };
    entry.turn(true);
    // What cannot be shown cannot be confirmed.
    entry.ready = entry.ready.catch(() => { entry.turn(false); button.disabled = true; });
    // Else Enter would press it again, in place of confirming all.
    button.onclick = event => { if (event.detail) button.blur(); toggle(place); };
    line.append(button);
    return [entry, line];
  }
  function toggle(place) {
    const entry = cards[place];
    if (!entry || entry.button.disabled) return;
    entry.turn(!entry.right);
    toggled();
  }
  return {
    async show(entries) {
      const made = entries.map(card);
      cards = made.map(([entry]) => entry);
      list.replaceChildren(...made.map(([, line]) => line));
      await Promise.all(cards.map(entry => entry.ready));
    },
    toggle,
    right: () => cards.filter(entry => entry.right).map(entry => entry.number),
    wrong: () => cards.filter(entry => !entry.right).map(entry => entry.number),
  };
}

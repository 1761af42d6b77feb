// A dataset looked through: its images by label, side and finding, those that look the same side by side.

import { ask, complain, keys, make, picture } from "./page.js";
import { stage } from "./drawing.js";

const byId = id => document.getElementById(id), AT_ONCE = 300, SIDE_BY_SIDE = 6;

export function browse(work) {
  const { items, labels } = work, thumbnails = new Map();
  const canvas = stage(byId("details-canvas"), labels);
  let matching = [], shown = 0, current = -1, loading = 0;
  const waiting = [];

  const all = item => [...new Set([...item.labels, ...(item.boxes ?? []).map(box => box.label)])];
  const kinds = [...new Set(items.flatMap(item => item.notes.map(([kind]) => kind)))].sort();
  options("by-label", [["", "all"], ...labels.map(name => [name, name]), ["\0", "none"]]);
  options("by-side", [["", "both"], ["train", "train"], ["test", "test"]]);
  options("by-kind", [["", "anything"], ...kinds.map(kind => [kind, kind])]);

  function options(id, pairs) {
    byId(id).replaceChildren(...pairs.map(([value, textContent]) => make("option", { value, textContent })));
    byId(id).onchange = filter;
  }
  function filter() {
    const [label, side, kind, name] = ["by-label", "by-side", "by-kind", "by-name"].map(id => byId(id).value);
    matching = items.map((_, number) => number).filter(number => {
      const item = items[number], own = all(item);
      return (!label || (label === "\0" ? !own.length : own.includes(label))) && (!side || item.side === side)
        && (!kind || item.notes.some(([other]) => other === kind)) && item.name.toLowerCase().includes(name.toLowerCase());
    });
    byId("count").textContent = `${matching.length} of ${items.length} images`;
    byId("grid").replaceChildren();
    shown = 0;
    more();
  }
  function more() {
    byId("grid").append(...matching.slice(shown, shown += AT_ONCE).map(card));
    byId("more").hidden = shown >= matching.length;
    document.body.dataset.cards = byId("grid").children.length;
  }
  function card(number) {
    const item = items[number], line = make("li"), button = make("button", { type: "button" });
    const image = make("img", { alt: "" });
    image.dataset.number = number;
    seen.observe(image);
    button.append(image, make("span", { className: "name", textContent: item.name }),
      make("span", { className: "about", textContent: [all(item).join(", ") || "no label", item.side].filter(Boolean).join(" · ") }),
      ...item.notes.map(([, sentence]) => make("span", { className: "note", textContent: sentence })));
    button.onclick = () => open(number);
    line.append(button);
    return line;
  }
  const seen = new IntersectionObserver(entries => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) { seen.unobserve(target); waiting.push(target); }
    fetching();
  }, { rootMargin: "300px" });
  function fetching() {
    while (loading < 6 && waiting.length) {
      const image = waiting.shift();
      loading++;
      thumbnail(Number(image.dataset.number)).then(url => { image.src = url; }, () => { image.alt = "cannot be shown"; })
        .finally(() => { loading--; fetching(); });
    }
  }
  function thumbnail(number) {
    if (!thumbnails.has(number)) thumbnails.set(number, ask(`/api/thumbnail/${number}`).then(answer => answer.blob()).then(blob => URL.createObjectURL(blob)));
    return thumbnails.get(number);
  }
  async function open(number) {
    current = number;
    const item = items[number];
    byId("details-name").textContent = item.name;
    byId("details-labels").textContent = [all(item).join(", ") || "no label", item.side].filter(Boolean).join(" · ");
    byId("details-notes").replaceChildren(...item.notes.map(([kind, sentence]) => make("li", { textContent: `${kind}: ${sentence}` })));
    byId("details-alike").replaceChildren(...item.alike.slice(0, SIDE_BY_SIDE).map(other => {
      const line = make("li"), image = make("img", { alt: "" });
      thumbnail(other).then(url => { image.src = url; }, () => {});
      line.append(image, make("div", { textContent: `${items[other].name}: ${all(items[other]).join(", ") || "no label"} ${items[other].side}` }));
      return line;
    }));
    if (!byId("details").open) byId("details").showModal();
    canvas.empty();
    try {
      const bitmap = await picture(number);
      if (current === number) canvas.show(bitmap, item.boxes ?? [], []);
      document.body.dataset.shown = number;
    } catch (error) { complain(new Error(`${item.name}: ${error.message}`)); }
  }
  function step(by) {
    const at = matching.indexOf(current) + by;
    if (matching[at] !== undefined) open(matching[at]);
  }
  byId("more").onclick = more;
  byId("by-name").oninput = filter;
  byId("filters").onsubmit = event => event.preventDefault();
  byId("before").onclick = () => step(-1);
  byId("after").onclick = () => step(1);
  byId("close").onclick = () => byId("details").close();
  addEventListener("keydown", event => {
    if (!byId("details").open) return;
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  keys([["← →", "the image before, after"], ["Esc", "back to all"], ["wheel", "closer, farther"]]);
  byId("browsing").hidden = false;
  filter();
}

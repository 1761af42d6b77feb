// The page: asks the server for its work, shows image after image, sends each answer and says so when one is not kept.

import { colour, stage } from "./drawing.js";
import { browse } from "./browsing.js";
import { sheet } from "./sheet.js";

const token = location.hash.slice(1), byId = id => document.getElementById(id);
const LABEL_KEYS = "1234567890asdfhjklqwertyiopcv".split("");
const AHEAD = 4, AT_ONCE = 12;

export async function ask(path, body) {
  const options = { headers: { Authorization: `Bearer ${token}` } };
  if (body) Object.assign(options, { method: "POST", body: JSON.stringify(body) }), options.headers["Content-Type"] = "application/json";
  let answer;
  try { answer = await fetch(path, options); } catch { throw new Error("The server does not answer any more. Run customlabels review page again; what was answered is kept."); }
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? `The server says ${answer.status}.`);
  return answer;
}
export function complain(error) {
  byId("alert").hidden = !error;
  byId("alert").textContent = error ? error.message ?? String(error) : "";
}
export async function picture(number) {
  return createImageBitmap(await (await ask(`/api/image/${number}`)).blob());
}

function answering(work) {
  const { items, labels } = work, history = [], given = new Map(), skipped = new Set(), pictures = new Map(), chosen = new Set();
  let current = -1, shown = 0, several = false, hints = !work.blind, sending = Promise.resolve(), unsent = 0, actions = 0;
  const canvas = stage(byId("canvas"), labels, { editable: work.boxes, changed: () => { count(); marks(); } });
  const count = () => { document.body.dataset.actions = ++actions; };
  const many = sheet(byId("sheet-images"), labels, LABEL_KEYS, () => { count(); told(); }), apart = new Set();
  let together = false, missed = false;

  const waiting = () => items.map((_, number) => number).filter(number => !given.has(number));
  function following(from) {
    const open = waiting(), fresh = open.filter(number => !skipped.has(number));
    const order = fresh.length ? fresh : open;
    return order.find(number => number > from) ?? order[0] ?? -1;
  }
  function load(number) {
    if (!pictures.has(number)) {
      const loading = picture(number);
      loading.catch(() => pictures.delete(number));
      pictures.set(number, loading);
    }
    return pictures.get(number);
  }
  function prepare() {
    const near = new Set([current]);
    for (let number = current, ahead = 0; ahead < AHEAD && number >= 0; ahead++) near.add(number = following(number));
    if (history.length) near.add(history.at(-1));
    for (const [number, loading] of pictures) if (!near.has(number)) { pictures.delete(number); loading.then(bitmap => bitmap.close(), () => {}); }
    for (const number of near) if (number >= 0) load(number).catch(() => {});
  }
  const counting = item => item.seen.filter(seen => seen.counts);
  const located = seen => seen.filter(({ box }) => box).map(({ label, confidence, box }) => ({ label, confidence, left: box[0], top: box[1], width: box[2], height: box[3] }));

  async function go(number, before) {
    current = number;
    progress();
    const over = number < 0;
    byId("answering").hidden = over;
    byId("over").hidden = !over;
    if (over) { byId("over-text").textContent = `${work.done + given.size} answered. customlabels review status shows how it stands.`; return; }
    const item = items[number];
    chosen.clear();
    for (const label of before?.labels ?? []) chosen.add(label);
    byId("name").textContent = item.name;
    byId("canvas").setAttribute("aria-label", `The image ${item.name}`);
    canvas.empty();
    prepare();
    try {
      const bitmap = await load(number);
      if (current !== number) return;
      const own = before?.boxes ?? (work.boxes && !work.blind ? located(counting(item)) : []);
      canvas.show(bitmap, own, guesses(item));
      document.body.dataset.shown = number;
      shown = performance.now();
      if (missed && !unsent) complain(null);
      missed = false;
    } catch (error) {
      missed = true;
      complain(new Error(`${item.name}: ${error.message}`));
    }
    marks();
  }
  const guesses = item => hints ? located(work.boxes ? item.seen.filter(seen => !seen.counts) : item.seen) : [];

  function marks() {
    if (current < 0) return;
    const item = items[current];
    byId("seen").replaceChildren(...(hints ? item.seen : []).map(seen => {
      const row = make("div", { className: seen.counts ? "row counts" : "row" });
      row.append(make("span", { textContent: seen.label }), make("span", { textContent: `${seen.confidence.toFixed(1)} %` }));
      return row;
    }));
    byId("marks").replaceChildren(...canvas.boxes().map((box, number) => {
      const line = make("li"), away = make("button", { type: "button", textContent: "take away" });
      away.setAttribute("aria-label", `take away box ${number + 1}, ${box.label}`);
      away.onclick = () => { canvas.remove(number); count(); marks(); };
      const select = make("button", { type: "button", textContent: box.label });
      select.onclick = () => { canvas.select(number); count(); };
      line.append(select, " ", away);
      return line;
    }));
    byId("labels").querySelectorAll("button").forEach((button, number) => {
      const selected = canvas.selected() >= 0 ? canvas.boxes()[canvas.selected()].label : brush;
      button.setAttribute("aria-pressed", String(work.boxes ? labels[number] === selected : chosen.has(labels[number])));
    });
    const predicted = item.predicted.length && !work.boxes && !chosen.size && hints;
    byId("confirm-text").textContent = work.boxes ? (canvas.boxes().length ? `Confirm ${canvas.boxes().length === 1 ? "the box" : `${canvas.boxes().length} boxes`}` : "Nothing on it")
      : chosen.size ? `Confirm ${[...chosen].join(", ")}` : predicted ? `As the version says: ${item.predicted.join(", ")}` : "Confirm";
    // What cannot be shown cannot be answered.
    const unseen = document.body.dataset.shown !== String(current);
    for (const button of [byId("nothing"), byId("unsure"), ...byId("labels").querySelectorAll("button")]) button.disabled = unseen;
    byId("confirm").disabled = unseen || (!work.boxes && !chosen.size && !predicted);
    byId("undo").disabled = !history.length;
  }
  let brush = labels[0];

  function progress() {
    const left = waiting().length, state = unsent ? " · keeping …" : given.size ? " · kept" : "";
    byId("progress").textContent = `${work.person} · ${work.done + given.size} answered, ${left} open${state}`;
    document.body.dataset.unsent = unsent;
  }
  function send(path, body) {
    unsent++;
    // One after the other: what is on disk is in the order in which it was said.
    sending = sending.then(() => ask(path, body)).then(() => { unsent--; progress(); }, error => {
      complain(new Error(`${error.message} ${unsent} ${unsent === 1 ? "answer is" : "answers are"} not kept.`));
      throw error;
    });
    sending.catch(() => {});
    progress();
  }
  function keep(number, marked, seconds) {
    const whole = { labels: [], boxes: work.boxes ? [] : null, unsure: false, ...marked };
    given.set(number, whole);
    history.push(number);
    send("/api/answer", { number, seconds: Math.round(seconds * 100) / 100, ...whole });
  }
  function answer(marked) {
    if (current < 0 || document.body.dataset.shown !== String(current)) return;
    count();
    keep(current, marked, (performance.now() - shown) / 1000);
    go(following(current));
  }
  const bare = boxes => boxes.map(({ label, left, top, width, height }) => ({ label, left, top, width, height }));
  const said = item => work.boxes ? { boxes: bare(located(counting(item))) } : { labels: item.predicted };
  function told() {
    const right = many.right().length;
    byId("sheet-confirm").replaceChildren(right ? `Confirm ${right === 1 ? "the one" : `the ${right}`} that ${right === 1 ? "is" : "are"} right ` : "None is right ", make("kbd", { textContent: "Enter" }));
  }
  async function spread() {
    const numbers = waiting().filter(number => !apart.has(number)).slice(0, AT_ONCE);
    together = numbers.length > 0;
    byId("sheet").hidden = !together;
    byId("answering").hidden = together;
    delete document.body.dataset.sheet;
    progress();
    if (!together) return go(following(-1));
    byId("over").hidden = true;
    await many.show(numbers.map(number => {
      const item = items[number], names = work.boxes ? counting(item).map(seen => seen.label) : item.predicted;
      const words = [...new Set(names)].map(name => [name, names.filter(other => other === name).length]).map(([name, times]) => times > 1 ? `${name} × ${times}` : name);
      return { number, boxes: work.boxes ? located(counting(item)) : [], text: words.join(", ") || "nothing on it" };
    }));
    told();
    document.body.dataset.sheet = numbers.join(" ");
    shown = performance.now();
  }
  function confirmAll() {
    if (document.body.dataset.sheet === undefined) return;
    count();
    const right = many.right(), wrong = many.wrong(), seconds = (performance.now() - shown) / 1000 / (right.length + wrong.length);
    for (const number of wrong) apart.add(number);
    for (const number of right) keep(number, said(items[number]), seconds);
    spread();
  }
  function alone() {
    together = false;
    byId("sheet").hidden = true;
    delete document.body.dataset.sheet;
    go(following(-1));
  }
  function confirm() {
    const item = items[current];
    if (work.boxes) return answer({ boxes: canvas.boxes() });
    if (chosen.size) return answer({ labels: [...chosen] });
    if (hints && item.predicted.length) answer({ labels: item.predicted });
  }
  function label(name) {
    if (work.boxes) { brush = name; canvas.use(name); count(); return marks(); }
    if (!several) return answer({ labels: [name] });
    count();
    chosen.has(name) ? chosen.delete(name) : chosen.add(name);
    marks();
  }
  function undo() {
    const last = history.pop();
    if (last === undefined) return;
    count();
    const before = given.get(last);
    given.delete(last);
    send("/api/withdraw", { number: last });
    go(last, before);
  }
  const commands = {
    Enter: ["confirm", "confirm the boxes, the labels that are chosen, or what the version says", confirm],
    " ": ["nothing", "nothing of this is on the image", () => answer({})],
    x: ["unsure", "you cannot tell: somebody else is asked", () => answer({ unsure: true })],
    n: ["next", "this one later", () => { count(); skipped.add(current); go(following(current)); }],
    u: ["undo", "take the last answer back", undo],
    m: ["several", "choose several labels, then confirm", () => { several = !several; byId("several").setAttribute("aria-pressed", String(several)); marks(); }],
    b: ["hints", "show or hide what the version saw", () => { if (work.blind) return; hints = !hints; byId("hints").setAttribute("aria-pressed", String(hints)); canvas.guess(guesses(items[current])); marks(); }],
    g: ["together", "several at once, as the version sees them; those that are right are confirmed together", () => { if (work.blind) return; count(); apart.clear(); spread(); }],
    z: ["whole", "the whole image", () => canvas.fit()],
    "+": ["closer", "closer", () => canvas.zoom(1.5)],
    "-": ["farther", "farther", () => canvas.zoom(1 / 1.5)],
    Delete: [null, "take the chosen box away", () => { canvas.remove(); count(); marks(); }],
    Escape: [null, "choose no box", () => { canvas.select(-1); marks(); }],
  };
  for (const [, [id, , run]] of Object.entries(commands)) if (id) byId(id).onclick = run;
  for (const id of work.boxes ? ["several", "nothing"] : ["marks"]) byId(id).hidden = true;
  if (work.blind) for (const id of ["hints", "together"]) byId(id).hidden = true;
  byId("alone").onclick = () => { count(); alone(); };
  byId("sheet-confirm").onclick = confirmAll;
  byId("question").textContent = work.boxes ? "Draw a box around each" : "What is on the image?";
  byId("labels").replaceChildren(...labels.map((name, number) => {
    const button = make("button", { type: "button" }), swatch = make("span", { className: "swatch" });
    swatch.style.background = colour(labels, name);
    button.append(swatch, make("span", { className: "word", textContent: name }));
    if (LABEL_KEYS[number]) button.append(make("kbd", { textContent: LABEL_KEYS[number] }));
    button.onclick = () => label(name);
    return button;
  }));
  keys([[`${LABEL_KEYS.slice(0, Math.min(labels.length, LABEL_KEYS.length)).join(" ")}`, "the labels, in their order"],
    ...Object.entries(commands).map(([key, [, about]]) => [key === " " ? "Space" : key, about]), ["drag", work.boxes ? "draw, move or resize a box; with Ctrl move the image" : "move the image"],
    ...work.boxes ? [["Shift and drag", "draw a box anew in place of the one that it overlaps most; its label stays"]] : [], ["wheel", "closer, farther"]]);
  addEventListener("keydown", event => {
    if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]") || (current < 0 && !together)) return;
    // A button that has the focus is pressed by Enter and Space itself.
    if ((event.key === "Enter" || event.key === " ") && event.target.closest?.("button")) return;
    const digit = /^(Digit|Numpad)([0-9])$/.exec(event.code)?.[2], key = digit ?? (event.key.length === 1 ? event.key.toLowerCase() : event.key);
    const number = LABEL_KEYS.indexOf(key);
    if (together) {
      const press = { Enter: confirmAll, g: () => { count(); alone(); } }[key] ?? (number >= 0 && number < AT_ONCE ? () => many.toggle(number) : null);
      if (press && !event.repeat) { event.preventDefault(); press(); }
      return;
    }
    const run = commands[key === "Backspace" ? "Delete" : key === "=" ? "+" : key]?.[2] ?? (number >= 0 && number < labels.length ? () => label(labels[number]) : null);
    if (!run || event.repeat) return;
    event.preventDefault();
    run();
  });
  addEventListener("beforeunload", event => { if (unsent) event.preventDefault(); });
  go(following(-1));
}

export function make(tag, properties = {}) { return Object.assign(document.createElement(tag), properties); }

export function keys(rows) {
  byId("keys").replaceChildren(...rows.flatMap(([key, about]) => {
    const term = make("dt");
    term.append(make("kbd", { textContent: key }));
    return [term, make("dd", { textContent: about })];
  }));
}

byId("help-button").onclick = () => byId("help").showModal();
addEventListener("keydown", event => { if (event.key === "?" && !document.querySelector("dialog[open]") && event.target.tagName !== "INPUT") byId("help").showModal(); });
try {
  const work = await (await ask("/api/work")).json();
  document.title = byId("title").textContent = work.title;
  work.person ? answering(work) : browse(work);
  document.body.dataset.ready = "yes";
} catch (error) { complain(error); }

// An image on a canvas, near or far, with boxes that are drawn, moved, resized and taken away.

const COLOURS = ["#4c9bff", "#ffb02e", "#3ecf8e", "#ff6b81", "#c792ff", "#34d6d6", "#ffd93b", "#ff8f4c", "#a3e048", "#f78fd0"];
const HANDLE = 9, LEAST = 5, MOST_ZOOM = 40;

export const colour = (labels, label) => COLOURS[Math.max(0, labels.indexOf(label)) % COLOURS.length];

function overlap(one, other) {
  const [across, down] = [["left", "width"], ["top", "height"]].map(([at, size]) =>
    Math.max(0, Math.min(one[at] + one[size], other[at] + other[size]) - Math.max(one[at], other[at])));
  const both = across * down;
  return both / (one.width * one.height + other.width * other.height - both || 1);
}

export function stage(canvas, labels, { editable = false, changed = () => {} } = {}) {
  const context = canvas.getContext("2d"), pointers = new Map();
  let image = null, boxes = [], guesses = [], selected = -1, scale = 1, left = 0, top = 0, drag = null, label = labels[0], pinch = null;

  const width = () => canvas.clientWidth, height = () => canvas.clientHeight;
  const least = () => image ? Math.min(width() / image.width, height() / image.height) : 1;
  const onScreen = box => ({
    x: left + box.left * image.width * scale, y: top + box.top * image.height * scale,
    w: box.width * image.width * scale, h: box.height * image.height * scale });
  const inside = value => Math.min(1, Math.max(0, value));
  const onImage = (x, y) => [inside((x - left) / (image.width * scale)), inside((y - top) / (image.height * scale))];

  function fit() {
    if (!image) return;
    scale = least();
    left = (width() - image.width * scale) / 2;
    top = (height() - image.height * scale) / 2;
    draw();
  }
  function zoom(by, x = width() / 2, y = height() / 2) {
    if (!image) return;
    const to = Math.min(Math.max(scale * by, least()), least() * MOST_ZOOM);
    left = x - (x - left) * to / scale; top = y - (y - top) * to / scale; scale = to;
    settle(); draw();
  }
  function settle() {
    // The image never leaves the view: where it is smaller it is in the middle.
    const settled = (at, size, room) => size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, at));
    left = settled(left, image.width * scale, width());
    top = settled(top, image.height * scale, height());
  }
  function draw() {
    const ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width() * ratio) || canvas.height !== Math.round(height() * ratio)) {
      canvas.width = Math.round(width() * ratio); canvas.height = Math.round(height() * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width(), height());
    if (!image) return;
    context.imageSmoothingEnabled = scale < 3;
    context.drawImage(image, left, top, image.width * scale, image.height * scale);
    for (const guess of guesses) outline(guess, true, false);
    const anew = drag?.anew ? drag.replaced : -1;
    boxes.forEach((box, number) => outline(box, number === anew, number === selected && anew < 0));
    if (drag?.kind === "draw") outline(drag.box, false, true);
  }
  function outline(box, dashed, chosen) {
    const { x, y, w, h } = onScreen(box), own = colour(labels, box.label);
    context.setLineDash(dashed ? [6, 5] : []);
    context.lineWidth = chosen ? 5 : 4; context.strokeStyle = "#000b"; context.strokeRect(x, y, w, h);
    context.lineWidth = chosen ? 3 : 2; context.strokeStyle = own; context.strokeRect(x, y, w, h);
    context.setLineDash([]);
    context.font = "600 13px system-ui, sans-serif";
    const text = box.confidence === undefined ? box.label : `${box.label} ${box.confidence.toFixed(0)}`;
    const room = context.measureText(text).width + 8, above = y > 20 ? y - 19 : y;
    context.fillStyle = own; context.fillRect(x, above, room, 18);
    context.fillStyle = "#10141a"; context.fillText(text, x + 4, above + 13);
    if (chosen && editable) for (const [cx, cy] of corners(x, y, w, h)) { context.fillStyle = own; context.fillRect(cx - 4, cy - 4, 8, 8); }
  }
  const corners = (x, y, w, h) => [[x, y], [x + w, y], [x + w, y + h], [x, y + h]];

  function hit(x, y) {
    // The smallest box is on top: it could not be reached otherwise.
    const under = boxes.map((box, number) => ({ number, ...onScreen(box) }))
      .filter(box => x >= box.x - 3 && x <= box.x + box.w + 3 && y >= box.y - 3 && y <= box.y + box.h + 3);
    return under.sort((one, other) => one.w * one.h - other.w * other.h)[0]?.number ?? -1;
  }
  function handle(x, y) {
    if (selected < 0) return -1;
    const { x: bx, y: by, w, h } = onScreen(boxes[selected]);
    return corners(bx, by, w, h).findIndex(([cx, cy]) => Math.abs(cx - x) <= HANDLE && Math.abs(cy - y) <= HANDLE);
  }
  const place = event => { const area = canvas.getBoundingClientRect(); return [event.clientX - area.left, event.clientY - area.top]; };
  const span = (from, to) => ({ left: Math.min(from[0], to[0]), top: Math.min(from[1], to[1]), width: Math.abs(to[0] - from[0]), height: Math.abs(to[1] - from[1]) });

  // A box from where the drag began. One that is drawn anew has the label of that which it overlaps most, and its place.
  function drawn(to) {
    const box = { label, ...span(drag.from, to) };
    if (drag.anew) {
      const shares = boxes.map(other => overlap(box, other)), most = Math.max(0, ...shares);
      drag.replaced = most > 0 ? shares.indexOf(most) : -1;
      if (drag.replaced >= 0) box.label = boxes[drag.replaced].label;
    }
    return box;
  }

  canvas.addEventListener("pointerdown", event => {
    if (!image) return;
    canvas.focus();
    try { canvas.setPointerCapture(event.pointerId); } catch { /* a pointer that is gone already */ }
    const [x, y] = place(event);
    pointers.set(event.pointerId, [x, y]);
    if (pointers.size === 2) { drag = null; pinch = between(); draw(); return; }
    if (!editable || event.button === 1 || event.ctrlKey) { drag = { kind: "pan", x, y, left, top }; return; }
    if (event.button !== 0) return;
    const corner = handle(x, y);
    if (event.shiftKey) {
      drag = { kind: "draw", anew: true, x, y, from: onImage(x, y) };
      drag.box = drawn(drag.from);
    } else if (corner >= 0) {
      const box = boxes[selected], xs = [box.left, box.left + box.width], ys = [box.top, box.top + box.height];
      drag = { kind: "resize", fixed: [xs[corner === 0 || corner === 3 ? 1 : 0], ys[corner < 2 ? 1 : 0]] };
    } else if (selected >= 0 && hit(x, y) === selected) {
      drag = { kind: "move", from: onImage(x, y), box: { ...boxes[selected] } };
    } else {
      drag = { kind: "draw", x, y, from: onImage(x, y) };
      drag.box = drawn(drag.from);
    }
  });
  canvas.addEventListener("pointermove", event => {
    if (!image || !pointers.has(event.pointerId)) return;
    const [x, y] = place(event);
    pointers.set(event.pointerId, [x, y]);
    if (pinch) {
      const now = between();
      zoom(now.far / pinch.far, now.x, now.y);
      left += now.x - pinch.x; top += now.y - pinch.y; settle(); draw(); pinch = now;
      return;
    }
    if (!drag) return;
    const to = onImage(x, y);
    if (drag.kind === "pan") { left = drag.left + x - drag.x; top = drag.top + y - drag.y; settle(); }
    if (drag.kind === "draw") drag.box = drawn(to);
    if (drag.kind === "resize") boxes[selected] = { label: boxes[selected].label, ...span(drag.fixed, to) };
    if (drag.kind === "move") {
      const box = drag.box;
      boxes[selected] = { ...box, left: Math.min(inside(box.left + to[0] - drag.from[0]), 1 - box.width), top: Math.min(inside(box.top + to[1] - drag.from[1]), 1 - box.height) };
    }
    draw();
  });
  const lifted = event => {
    pointers.delete(event.pointerId);
    if (pointers.size < 2) pinch = null;
    const done = drag;
    drag = null;
    if (!done || done.kind === "pan" || !image) return;
    if (done.kind === "draw") {
      const { w, h } = onScreen(done.box);
      if (w < LEAST || h < LEAST) selected = hit(done.x, done.y);
      else {
        selected = done.anew && done.replaced >= 0 ? done.replaced : boxes.length;
        boxes[selected] = done.box;
      }
    }
    if (done.kind === "resize" && (!boxes[selected].width || !boxes[selected].height)) { boxes.splice(selected, 1); selected = -1; }
    draw(); changed("pointer");
  };
  canvas.addEventListener("pointerup", lifted);
  canvas.addEventListener("pointercancel", event => { drag = null; lifted(event); draw(); });
  canvas.addEventListener("wheel", event => { event.preventDefault(); zoom(Math.exp(-event.deltaY / 400), ...place(event)); }, { passive: false });
  new ResizeObserver(() => { if (image) { scale = Math.max(scale, least()); settle(); } fit(); }).observe(canvas);

  function between() {
    const [[ax, ay], [bx, by]] = [...pointers.values()];
    return { far: Math.hypot(ax - bx, ay - by) || 1, x: (ax + bx) / 2, y: (ay + by) / 2 };
  }
  return {
    show(bitmap, own, seen) { image = bitmap; boxes = own.map(box => ({ ...box })); guesses = seen; selected = -1; drag = null; fit(); },
    empty() { image = null; boxes = []; guesses = []; selected = -1; drag = null; draw(); },
    boxes: () => boxes.map(({ label, left, top, width, height }) => ({ label, left, top, width, height })),
    selected: () => selected,
    select(number) { selected = number; draw(); },
    use(other) { label = other; if (selected >= 0) boxes[selected].label = other; draw(); },
    remove(number = selected) { if (number >= 0) { boxes.splice(number, 1); selected = -1; draw(); } },
    guess(seen) { guesses = seen; draw(); },
    zoom, fit, draw };
}

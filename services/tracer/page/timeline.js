// The timeline: what is in view, and what the mouse and the keys do to it.

const kRangeLeast = 200;  // ns

class Timeline {
  constructor(model, state) {
    this.model = model;
    this.state = state;
    this.box = document.getElementById("lanes");
    this.tip = document.getElementById("tip");
    this.painter = new Painter(document.getElementById("canvas"));
    this.lanes = lanesOf(model);
    this.tops = [];
    let top = 0;
    for (const lane of this.lanes) {
      this.tops.push(top);
      top += laneHeight(lane);
    }
    document.getElementById("spacer").style.height =
      `${top + kPaint.axis}px`;
    this.box.style.maxHeight = `max(140px, min(${top + kPaint.axis + 2}px, 44vh))`;
    this.shown = null;
    this.due = false;
    this.listen();
  }

  // Draws at the next frame.
  draw() {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    this.due = false;
    const canvas = this.painter.canvas;
    canvas.style.height = `${this.box.clientHeight}px`;
    const begin = performance.now();
    const { from, to, select } = this.state;
    this.painter.draw({
      model: this.model, shown: this.shown, lanes: this.lanes,
      tops: this.tops, from, to, select, scroll: this.box.scrollTop,
    });
    this.box.dataset.drawMs = (performance.now() - begin).toFixed(2);
    document.getElementById("range").textContent =
      `${durationText(to - from)} from ${this.model.clockText(from)}`;
  }

  listen() {
    const { box } = this;
    new ResizeObserver(() => this.draw()).observe(box);
    box.addEventListener("scroll", () => this.draw());
    window.matchMedia("(prefers-color-scheme: dark)")
      .addEventListener("change", () => this.draw());
    box.addEventListener("wheel", (event) => this.wheel(event),
      { passive: false });
    box.addEventListener("pointerdown", (event) => this.press(event));
    box.addEventListener("pointermove", (event) => this.move(event));
    box.addEventListener("pointerup", (event) => this.release(event));
    box.addEventListener("pointercancel", () => { this.drag = null; });
    box.addEventListener("pointerleave", () => { this.tip.hidden = true; });
    box.addEventListener("keydown", (event) => this.key(event));
    const button = (id, act) =>
      document.getElementById(id).addEventListener("click", act);
    button("zoom-in", () => this.zoom(0.5));
    button("zoom-out", () => this.zoom(2));
    button("zoom-all", () => this.showAll());
  }

  get plotWidth() {
    return Math.max(1, this.box.clientWidth - kPaint.gutter);
  }
  timeAt(x) {
    const { from, to } = this.state;
    return from + ((x - kPaint.gutter) / this.plotWidth) * (to - from);
  }

  setRange(from, to) {
    const { duration } = this.model;
    const length = Math.min(duration, Math.max(kRangeLeast, to - from));
    const begin = Math.max(0, Math.min(duration - length, from));
    this.state.set({ from: begin, to: begin + length });
  }
  showAll() { this.setRange(0, this.model.duration); }
  // `factor` below 1: nearer. `at`: the time that stays where it is.
  zoom(factor, at) {
    const { from, to } = this.state;
    const kept = at === undefined ? (from + to) / 2 : at;
    this.setRange(kept - (kept - from) * factor, kept + (to - kept) * factor);
  }
  pan(share) {
    const { from, to } = this.state;
    const by = share * (to - from);
    this.setRange(from + by, to + by);
  }

  wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : 1;
    const [x, y] = [event.deltaX * unit, event.deltaY * unit];
    if (event.shiftKey || Math.abs(x) > Math.abs(y))
      return this.pan((x || y) / this.plotWidth);
    this.zoom(Math.exp(Math.max(-1, Math.min(1, y * 0.002))),
      this.timeAt(event.offsetX));
  }

  press(event) {
    if (event.button !== 0) return;
    this.drag = {
      x: event.clientX, y: event.clientY, from: this.state.from,
      to: this.state.to, scroll: this.box.scrollTop, moved: false,
    };
    this.box.setPointerCapture(event.pointerId);
  }

  move(event) {
    const { drag } = this;
    if (!drag) return this.showTip(event);
    const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
    if (Math.abs(x) + Math.abs(y) > 3) drag.moved = true;
    if (!drag.moved) return;
    const by = (x / this.plotWidth) * (drag.to - drag.from);
    this.setRange(drag.from - by, drag.to - by);
    this.box.scrollTop = drag.scroll - y;
  }

  release(event) {
    const { drag } = this;
    this.drag = null;
    if (drag && !drag.moved) this.state.set({ select: this.hit(event) });
  }

  // The message at the pointer; -1: none.
  hit(event) {
    const box = this.painter.canvas.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top - kPaint.axis + this.box.scrollTop;
    if (x < kPaint.gutter || event.clientY - box.top < kPaint.axis) return -1;
    const at = this.tops.findLastIndex((top) => top <= y);
    if (at < 0) return -1;
    const track = this.lanes[at].tracks[
      Math.floor((y - this.tops[at]) / kPaint.trackY)];
    return track ? this.nearest(track, x) : -1;
  }

  nearest(track, x) {
    const time = this.timeAt(x);
    const near = this.timeAt(x + 4) - time;
    const [begin, end] = track.within(time - near, time + near);
    let best = -1;
    let bestGap = Infinity;
    for (let k = begin; k < end; ++k) {
      const inWork = track.mark[k] <= time && time <= track.end[k];
      const inQueue = track.first[k] <= time && time <= track.mark[k];
      const edge = Math.min(Math.abs(time - track.mark[k]),
        Math.abs(time - track.end[k]));
      const faint = this.shown.has(track.ids[k]) ? 0 : near;
      const gap = (inWork ? 0 : inQueue ? near / 2 : edge) + faint;
      if (gap <= near * 1.5 && gap < bestGap) {
        best = track.ids[k];
        bestGap = gap;
      }
    }
    return best;
  }

  showTip(event) {
    const i = this.hit(event);
    const { tip, model } = this;
    tip.hidden = i < 0;
    this.box.classList.toggle("over", i >= 0);
    if (i < 0) return;
    tip.textContent = `${model.pathText(i)}  label ${model.labelText(i)}\n` +
      `queue ${timeOr(model.queue[i])}  work ${timeOr(model.work[i])}  ` +
      `total ${timeOr(model.total[i])}  ${model.statusText(i)}`;
    const left = Math.min(event.clientX + 12,
      window.innerWidth - tip.offsetWidth - 8);
    tip.style.left = `${left}px`;
    tip.style.top = `${event.clientY + 16}px`;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      ArrowLeft: () => this.pan(-0.15), a: () => this.pan(-0.15),
      ArrowRight: () => this.pan(0.15), d: () => this.pan(0.15),
      "+": () => this.zoom(0.7), "=": () => this.zoom(0.7),
      w: () => this.zoom(0.7), "-": () => this.zoom(1.4),
      s: () => this.zoom(1.4), 0: () => this.showAll(),
      ArrowUp: () => { this.box.scrollTop -= 40; },
      ArrowDown: () => { this.box.scrollTop += 40; },
    };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase()
      : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  // Brings a message into view, and its lane.
  reveal(i) {
    const { model } = this;
    const { from, to } = this.state;
    const length = to - from;
    if (model.end(i) < from || model.time[i] > to)
      this.setRange(model.time[i] - length / 3, model.time[i] + length * 2 / 3);
    const at = this.lanes.findIndex((lane) => lane.service === model.to[i]);
    if (at < 0) return;
    const y = this.tops[at] + model.trackOf[i] * kPaint.trackY;
    const { scrollTop, clientHeight } = this.box;
    if (y < scrollTop || y + 40 > scrollTop + clientHeight)
      this.box.scrollTop = y - clientHeight / 3;
  }

  // Zooms to the chain of a message.
  frame(i) {
    const chain = this.model.chains[this.model.chainOf[i]];
    let [from, to] = [Infinity, 0];
    for (const member of chain) {
      from = Math.min(from, this.model.time[member]);
      to = Math.max(to, this.model.end(member),
        this.model.time[member] + Math.max(0, this.model.total[member]));
    }
    const room = Math.max(kRangeLeast, to - from) * 0.15;
    this.setRange(from - room, to + room);
  }
}

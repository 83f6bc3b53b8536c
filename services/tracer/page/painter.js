// Painter: draws what a timeline shows on its canvas. It reads, and changes
// nothing else.

const kPaint = {
  gutter: 128, axis: 20, trackY: 17, laneGap: 7, queueY: 3, workY: 10,
  arrowsMost: 400,
};

function laneHeight(lane) {
  return lane.tracks.length * kPaint.trackY + kPaint.laneGap;
}

class Painter {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.readTheme();
    window.matchMedia("(prefers-color-scheme: dark)")
      .addEventListener("change", () => this.readTheme());
  }

  readTheme() {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue("--" + name).trim();
    this.colors = {};
    for (const name of ["back", "lane", "line", "text", "dim", "bad", "mark"])
      this.colors[name] = color(name);
    this.ports = Array.from({ length: 10 }, (_, at) => color("port-" + at));
    this.onPort = color("on-port");
  }

  // `scene`: {model, shown, lanes, tops, from, to, scroll, select, hover}.
  draw(scene) {
    this.scene = scene;
    const { canvas, context } = this;
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio) ||
        canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    this.width = width;
    this.height = height;
    this.scale = (width - kPaint.gutter) / (scene.to - scene.from);
    context.fillStyle = this.colors.back;
    context.fillRect(0, 0, width, height);
    this.drawGround();
    context.save();
    context.beginPath();
    context.rect(kPaint.gutter, kPaint.axis, width, height);
    context.clip();
    this.drawLosses();
    this.eachLane((lane, top) => lane.tracks.forEach((track, at) =>
      this.drawTrack(lane, track, top + at * kPaint.trackY)));
    if (scene.select >= 0) this.drawChain();
    context.restore();
    context.font = "11px system-ui, sans-serif";
    this.drawAxis();
  }

  x(time) {
    return kPaint.gutter + (time - this.scene.from) * this.scale;
  }
  clampedX(time) {
    return Math.max(kPaint.gutter - 50,
      Math.min(this.width + 50, this.x(time)));
  }

  eachLane(act) {
    const { lanes, tops, scroll } = this.scene;
    lanes.forEach((lane, at) => {
      const top = kPaint.axis + tops[at] - scroll;
      if (top < this.height && top + laneHeight(lane) > kPaint.axis)
        act(lane, top);
    });
  }

  drawGround() {
    const { context, colors } = this;
    this.eachLane((lane, top) => {
      const height = laneHeight(lane);
      context.fillStyle = colors.lane;
      context.fillRect(0, top, this.width, height - 1);
      context.fillStyle = colors.text;
      const name = lane.name.length > 19
        ? lane.name.slice(0, 18) + "…" : lane.name;
      context.fillText(name, 10, top + Math.min(height / 2, 12));
    });
    context.fillStyle = colors.line;
    this.eachTick((x) => context.fillRect(x, 0, 1, this.height));
  }

  drawLosses() {
    const { context } = this;
    for (const [, from, until] of this.scene.model.losses) {
      if (until < this.scene.from || from > this.scene.to) continue;
      const x = this.clampedX(from);
      const width = Math.max(2, this.clampedX(until) - x);
      context.fillStyle = this.colors.bad;
      context.globalAlpha = 0.13;
      context.fillRect(x, kPaint.axis, width, this.height);
      context.globalAlpha = 0.5;
      for (let at = x; at < x + width; at += 7)
        context.fillRect(at, kPaint.axis, 1, this.height);
    }
    context.globalAlpha = 1;
  }

  // 0: hidden nearly, 1: faded, 2: whole.
  emphasis(i) {
    const { model, shown, select } = this.scene;
    if (select >= 0) {
      if (model.chainOf[i] === model.chainOf[select]) return 2;
      return shown.has(i) ? 1 : 0;
    }
    return shown.has(i) ? 2 : 0;
  }

  // What is faint first, errors last, so that neither hides what counts.
  drawTrack(lane, track, top) {
    const { model, shown, select, from, to } = this.scene;
    const [begin, end] = track.within(from, to);
    const plain = select < 0 && !shown.filtered;
    for (const pass of plain ? [2, 3] : [0, 1, 2, 3]) {
      this.context.globalAlpha = pass === 0 ? 0.08 : pass === 1 ? 0.2 : 1;
      let doneX = -Infinity;    // a pixel is filled once
      let queuedX = -Infinity;
      let color = -1;
      for (let k = begin; k < end; ++k) {
        const i = track.ids[k];
        const bad = model.status[i] > 2;
        const is = plain ? 2 : this.emphasis(i);
        if ((is === 2 && bad ? 3 : is) !== pass) continue;
        const x = this.clampedX(track.mark[k]);
        const x1 = Math.max(x + 1.5, this.clampedX(track.end[k]));
        const first = this.clampedX(track.first[k]);
        if (x1 <= doneX && (first >= queuedX || x <= queuedX)) continue;
        const mine = pass === 3 || bad ? 10 : model.port[i] % 10;
        if (mine !== color) {
          color = mine;
          this.context.fillStyle =
            color === 10 ? this.colors.bad : this.ports[color];
        }
        this.drawBar(lane, i, top, first, x, x1, doneX, queuedX);
        doneX = Math.max(doneX, Math.ceil(x1));
        queuedX = Math.max(queuedX, x);
        if (pass >= 2 && x1 - x > 44 && lane.kind === "work") {
          this.drawText(i, Math.max(x, kPaint.gutter), x1, top);
          color = -1;
        }
      }
    }
    this.context.globalAlpha = 1;
  }

  drawBar(lane, i, top, first, x, x1, doneX, queuedX) {
    const { context } = this;
    const from = Math.max(first, queuedX);
    if (lane.kind === "work" && x > from)
      context.fillRect(from, top + 1, Math.max(1, x - from), kPaint.queueY);
    if (x1 <= doneX) return;
    if (lane.kind === "calls")
      context.fillRect(x, top + 7, x1 - x, 5);
    else if (lane.kind === "lost")
      context.fillRect(x, top + 1, 2, kPaint.queueY);
    else
      context.fillRect(x, top + 5, x1 - x, kPaint.workY);
  }

  drawText(i, x, x1, top) {
    const { model } = this.scene;
    const most = Math.floor((x1 - x - 8) / 6);
    if (most < 4) return;
    const text = `${model.portText(i)} ${model.labelText(i)} ← ` +
      model.fromText(i);
    this.context.fillStyle = this.onPort;
    this.context.font = "9.5px system-ui, sans-serif";
    this.context.fillText(text.slice(0, most), x + 4, top + 10.5);
  }

  // Where a message's bar is: its lane's middle line, or null.
  barY(i) {
    const { model, lanes, tops, scroll } = this.scene;
    const to = model.received(i) < 0 ? 0 : model.to[i];
    const at = lanes.findIndex((lane) => lane.service === to);
    if (at < 0) return null;
    return kPaint.axis + tops[at] - scroll +
      model.trackOf[i] * kPaint.trackY + 10;
  }
  senderY(i) {
    const { model, lanes, tops, scroll } = this.scene;
    if (model.cause[i] >= 0) return this.barY(model.cause[i]);
    const at = lanes.findIndex((lane) => lane.service === model.from[i]);
    return at < 0 || model.from[i] === 0 ? null
      : kPaint.axis + tops[at] - scroll + 10;
  }

  drawChain() {
    const { model, select } = this.scene;
    const { context } = this;
    context.strokeStyle = context.fillStyle = this.colors.mark;
    const chain = model.chains[model.chainOf[select]];
    for (const i of chain.slice(0, kPaint.arrowsMost)) this.drawArrow(i);
    const y = this.barY(select);
    if (y === null) return;
    const received = model.received(select);
    const x = this.clampedX(received < 0 ? model.time[select] : received);
    const x1 = Math.max(x + 3, this.clampedX(model.end(select)));
    context.lineWidth = 2;
    context.strokeRect(x - 1.5, y - 6.5, x1 - x + 3, kPaint.workY + 3);
  }

  drawArrow(i) {
    const { model } = this.scene;
    const { context } = this;
    const [y, y1] = [this.senderY(i), this.barY(i)];
    const received = model.received(i);
    if (y === null || y1 === null || received < 0) return;
    const x = this.clampedX(model.time[i]);
    const x1 = this.clampedX(received);
    if (x > this.width && x1 > this.width) return;
    if (x1 < kPaint.gutter) return;
    const side = y1 > y ? -1 : 1;
    const end = y1 + side * 5;
    context.lineWidth = 1.25;
    context.beginPath();
    context.moveTo(x, y);
    context.bezierCurveTo(x + 4, (y + end) / 2, x1 - 4, (y + end) / 2, x1,
      end + side * 3);
    context.stroke();
    context.beginPath();
    context.moveTo(x1, end);
    context.lineTo(x1 - 3, end + side * 5);
    context.lineTo(x1 + 3, end + side * 5);
    context.fill();
  }

  drawAxis() {
    const { context, colors } = this;
    context.fillStyle = colors.back;
    context.fillRect(0, 0, this.width, kPaint.axis);
    this.eachTick((x, text) => {
      context.fillStyle = colors.line;
      context.fillRect(x, 0, 1, kPaint.axis);
      context.fillStyle = colors.dim;
      context.fillText(text, x + 5, kPaint.axis / 2);
    });
    context.fillStyle = colors.line;
    context.fillRect(0, kPaint.axis - 1, this.width, 1);
    context.fillRect(kPaint.gutter - 1, 0, 1, this.height);
  }

  eachTick(act) {
    const { from, to } = this.scene;
    const step = tickStep((to - from) / ((this.width - kPaint.gutter) / 100));
    for (let at = Math.ceil(from / step) * step; at <= to; at += step)
      act(Math.round(this.x(at)), tickText(at, step, to));
  }
}

// The next of 1, 2, 5, 10, ... that is not smaller.
function tickStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((part) => part * power)
    .find((step) => step >= least) || 10 * power;
}

// As many digits as the step needs.
function tickText(ns, step, most) {
  const [unit, size] = most >= 1e9 ? ["s", 1e9] : most >= 1e6 ? ["ms", 1e6]
    : most >= 1e3 ? ["us", 1e3] : ["ns", 1];
  const places = Math.max(0, Math.ceil(Math.log10(size / step) - 1e-9));
  return (ns / size).toFixed(Math.min(9, places)) + unit;
}

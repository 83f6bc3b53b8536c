// The picture of one histogram, beside the cell that it belongs to.

class HistogramView {
  constructor() {
    this.box = document.getElementById("histogram");
  }

  show(cell, title, times) {
    const bars = HistogramView.octaves(times.buckets);
    const most = Math.max(...bars.map((bar) => bar.count));
    const rows = bars.map((bar) => {
      const fill = element("i");
      fill.style.width = `${Math.max(1, (100 * bar.count) / most)}%`;
      return element("div", "bar-row", [
        element("span", "from", durationText(bar.from)),
        element("span", "track", [fill]),
        element("span", "count", countText(bar.count)),
      ]);
    });
    this.box.replaceChildren(
      element("figcaption", "", title), ...rows,
      element("p", "", `${countText(times.count)} samples, ` +
        `p50 ${durationText(times.p50)}, p99 ${durationText(times.p99)}, ` +
        `max ${durationText(times.max)}`));
    this.box.hidden = false;
    this.place(cell.getBoundingClientRect());
  }

  place(cell) {
    const { width, height } = this.box.getBoundingClientRect();
    const left = Math.min(cell.left, window.innerWidth - width - 8);
    const below = cell.bottom + 4;
    const top = below + height < window.innerHeight
      ? below : Math.max(8, cell.top - height - 4);
    this.box.style.left = `${Math.max(8, left)}px`;
    this.box.style.top = `${top}px`;
  }

  hide() { this.box.hidden = true; }

  // Half powers of two: fine enough to see two humps, few enough to read.
  static octaves(buckets) {
    const bars = [];
    const stepOf = (ns) => Math.floor(2 * Math.log2(Math.max(1, ns)));
    for (const [most, count] of buckets) {
      const step = stepOf(most);
      const last = bars[bars.length - 1];
      if (last && last.step === step) last.count += count;
      else bars.push({ step, from: 2 ** (step / 2), count });
    }
    if (bars.length === 0) return [];
    const filled = [];
    for (let step = bars[0].step; step <= bars[bars.length - 1].step; ++step)
      filled.push(bars.find((bar) => bar.step === step) ||
        { step, from: 2 ** (step / 2), count: 0 });
    return filled;
  }
}

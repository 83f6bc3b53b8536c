// The service graph: boxes are services, arrows the ports that they send to,
// as thick as the logarithm of their rate.

const kGraph = { stepX: 186, stepXMost: 280, stepY: 84, scaleLeast: 0.88, boxX: 84, boxY: 26, top: 64, over: 20, nodesMost: 60 };

class Graph {
  constructor(model, state) {
    this.model = model;
    this.state = state;
    this.box = document.getElementById("graph-box");
  }

  draw(sums) {
    const weight = new Map();
    for (const edge of this.model.edges)
      for (const node of [edge.from, edge.to])
        weight.set(node, (weight.get(node) || 0) + edge.messages);
    const nodes = [...weight.keys()].sort((a, b) => a - b)
      .sort((a, b) => weight.get(b) - weight.get(a)).slice(0, kGraph.nodesMost);
    const within = (edge) => nodes.includes(edge.from) &&
      nodes.includes(edge.to);
    const all = this.model.edges.filter(within);
    const layout = layOut(this.model.byBegun(nodes), all);
    document.getElementById("graph-of").textContent =
      weight.size > nodes.length
        ? `the busiest ${nodes.length} of ${weight.size}` : "";
    const keyOf = (edge) => [edge.from, edge.to, edge.port].join(" ");
    const sumsOf = new Map(sums.edges.map((edge) => [keyOf(edge), edge]));
    const room = this.box.clientWidth - kGraph.boxX - 40;
    this.stepX = Math.max(kGraph.stepX, Math.min(kGraph.stepXMost,
      room / Math.max(1, layout.columns - 1)));
    const width = Math.max(0, layout.columns - 1) * this.stepX + kGraph.boxX + 24;
    const height = (layout.rows - 1) * kGraph.stepY + kGraph.top +
      kGraph.boxY + 30;
    const svg = svgElement("svg", {
      viewBox: `0 0 ${width} ${height}`, width, height, role: "group",
      "aria-label": "Who sends to whom",
    });
    // Shrunk a little to fit; then it scrolls.
    svg.style.minWidth = `${Math.round(kGraph.scaleLeast * width)}px`;
    const beside = new Map();
    for (const edge of all) {
      const pair = [edge.from, edge.to].sort().join(" ");
      const nth = beside.get(pair) || 0;
      beside.set(pair, nth + 1);
      svg.append(this.edge(edge, sumsOf.get(keyOf(edge)), layout, nth));
    }
    for (const node of nodes) svg.append(this.node(node, layout));
    redrawn(this.box, (one) => one.getAttribute("aria-label").split(":")[0],
      () => this.box.replaceChildren(svg));
  }

  placeOf(node, layout) {
    const { column, row } = layout.places.get(node);
    return {
      x: 12 + column * this.stepX, y: kGraph.top + row * kGraph.stepY,
    };
  }

  // A button of the drawing: by click, Enter and blank.
  button(label, pressed, act, content) {
    const group = svgElement("g", {
      role: "button", tabindex: "0", "aria-label": label,
      "aria-pressed": String(pressed),
    }, [svgElement("title", {}, [label]), ...content]);
    group.addEventListener("click", act);
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      act();
    });
    return group;
  }

  toggle(word, value) {
    this.state.set({
      filter: toggledFilter(this.state.filter, word, value, this.model),
    });
  }

  chosen(word, value) {
    const read = readFilter(this.state.filter, this.model);
    return !(read instanceof FilterError) && read.terms.some((term) =>
      term.word === word && term.value === value);
  }

  node(node, layout) {
    const name = this.model.services[node];
    const { x, y } = this.placeOf(node, layout);
    const text = shown(name) || "unknown";
    const group = this.button(text, this.chosen("service", name),
      () => name && this.toggle("service", name), [
        svgElement("rect", {
          x, y: y - kGraph.boxY / 2, width: kGraph.boxX, height: kGraph.boxY,
          rx: 3,
        }),
        svgElement("text", {
          x: x + kGraph.boxX / 2, y: y + 4, "text-anchor": "middle",
        }, [text.length > 13 ? text.slice(0, 12) + "…" : text]),
      ]);
    group.classList.add("node");
    group.dataset.service = name;
    return group;
  }

  path(edge, layout, nth) {
    const from = this.placeOf(edge.from, layout);
    const to = this.placeOf(edge.to, layout);
    const right = from.x + kGraph.boxX;
    if (to.x > from.x) {
      // What passes columns by goes above what stands in them.
      const passes = to.x - from.x > 1.5 * this.stepX;
      const bow = passes
        ? (kGraph.over - (from.y + to.y) / 2) / 0.75 - 40 * nth
        : (nth % 2 ? -1 : 1) * 40 * Math.ceil(nth / 2);
      return Graph.curve(right, from.y, to.x - 5, to.y, bow);
    }
    // Back, or to itself: below the boxes.
    const low = Math.max(from.y, to.y) + 30 + 12 * nth;
    return {
      d: `M${from.x + kGraph.boxX / 2},${from.y + kGraph.boxY / 2} ` +
        `C${from.x + kGraph.boxX / 2},${low} ` +
        `${to.x + kGraph.boxX / 2 + 16},${low} ` +
        `${to.x + kGraph.boxX / 2 + 16},${to.y + kGraph.boxY / 2 + 5}`,
      x: (from.x + to.x + kGraph.boxX) / 2, y: low - 4,
    };
  }

  // A curve with its words in the middle.
  static curve(x, y, x1, y1, bow) {
    const middle = (x + x1) / 2;
    return {
      d: `M${x},${y} C${middle},${y + bow} ${middle},${y1 + bow} ${x1},${y1}`,
      x: middle, y: (y + y1) / 2 + 0.75 * bow,
    };
  }

  edge(edge, sums, layout, nth) {
    const { d, x, y } = this.path(edge, layout, nth);
    const name = this.model.portNames[edge.port];
    const rate = (sums ? sums.messages : 0) / (this.model.duration / 1e9);
    const errors = sums ? sums.errors : 0;
    const p99 = sums && sums.count > 0 ? ` · ${durationText(sums.p99)}` : "";
    const figures = sums ? `${rateText(rate)}${p99}` : "none";
    const width = 1 + Math.min(5, Math.log10(1 + rate));
    const label = `${shown(name)} from ` +
      `${shown(this.model.services[edge.from]) || "unknown"} to ` +
      `${shown(this.model.services[edge.to]) || "nobody"}: ${figures}` +
      (sums && sums.count > 0 ? ` (p99 of ${sums.of})` : "") +
      (errors > 0 ? `, ${countText(errors)} errors` : "");
    const group = this.button(label, this.chosen("port", name),
      () => this.toggle("port", name), [
        svgElement("path", { d, class: "reach" }),
        svgElement("path", { d, "stroke-width": width.toFixed(2) }),
        svgElement("path", { d: Graph.head(d, width), class: "head" }),
        svgElement("text", { x, y: y - 9, "text-anchor": "middle" },
          [shown(name).slice(0, 24) +
            (errors > 0 ? ` · ${countText(errors)} failed` : "")]),
        svgElement("text", {
          x, y: y + 13, "text-anchor": "middle", class: "figures",
        }, [figures]),
      ]);
    group.classList.add("edge");
    if (errors > 0) group.classList.add("bad");
    if (!sums) group.classList.add("none");
    group.dataset.port = name;
    group.dataset.messages = sums ? sums.messages : 0;
    return group;
  }

  // The arrow's head where the curve ends.
  static head(d, width) {
    const [fx, fy, tx, ty] = d.split(/[ ,MC]+/).slice(-4).map(Number);
    const size = 5 + width / 2;
    const length = Math.hypot(tx - fx, ty - fy) || 1;
    const [ux, uy] = [(tx - fx) / length, (ty - fy) / length];
    const [bx, by] = [tx - ux * 3, ty - uy * 3];
    return `M${tx + ux * 5},${ty + uy * 5} ` +
      `L${bx - uy * size * 0.6},${by + ux * size * 0.6} ` +
      `L${bx + uy * size * 0.6},${by - ux * size * 0.6} Z`;
  }
}

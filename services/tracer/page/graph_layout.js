// Where services stand: callers on the left, and as few crossings as two
// sweeps find. Nothing here draws.

// Each service's column: one more than that of whoever sends to it. A way back
// counts for nothing; where ways begin, nodes that come first do so first.
function columnsOf(nodes, edges) {
  const columns = new Map(nodes.map((node) => [node, 0]));
  const back = backEdges(nodes, edges);
  for (let round = 0; round < nodes.length; ++round) {
    let changed = false;
    for (const edge of edges) {
      if (back.has(edge) || edge.from === edge.to) continue;
      const least = columns.get(edge.from) + 1;
      if (columns.get(edge.to) >= least) continue;
      columns.set(edge.to, least);
      changed = true;
    }
    if (!changed) break;
  }
  return columns;
}

// Edges that close a cycle, seen from services nobody sends to, then others.
function backEdges(nodes, edges) {
  const out = new Map(nodes.map((node) => [node, []]));
  for (const edge of edges) out.get(edge.from).push(edge);
  const receives = new Set(edges.map((edge) => edge.to));
  const begins = [...nodes.filter((node) => !receives.has(node)), ...nodes];
  const stateOf = new Map();
  const back = new Set();
  for (const begin of begins) {
    if (stateOf.has(begin)) continue;
    const path = [[begin, 0]];
    stateOf.set(begin, "open");
    while (path.length > 0) {
      const top = path[path.length - 1];
      const edge = out.get(top[0])[top[1]++];
      if (!edge) {
        stateOf.set(top[0], "done");
        path.pop();
      } else if (stateOf.get(edge.to) === "open") {
        back.add(edge);
      } else if (!stateOf.has(edge.to)) {
        stateOf.set(edge.to, "open");
        path.push([edge.to, 0]);
      }
    }
  }
  return back;
}

// {places: Map(node => {column, row}), columns, rows}
function layOut(nodes, edges) {
  const columnOf = columnsOf(nodes, edges);
  const columns = [];
  for (const node of nodes) {
    const column = columnOf.get(node);
    (columns[column] = columns[column] || []).push(node);
  }
  const rowOf = new Map();
  for (const column of columns)
    column.forEach((node, row) => rowOf.set(node, row));
  const sweep = (order, near, far) => {
    for (const column of order) {
      const wish = new Map(column.map((node) => {
        const rows = edges.filter((edge) => edge[near] === node)
          .map((edge) => rowOf.get(edge[far]));
        return [node, rows.length === 0 ? rowOf.get(node)
          : rows.reduce((sum, row) => sum + row, 0) / rows.length];
      }));
      column.sort((a, b) => wish.get(a) - wish.get(b));
      column.forEach((node, row) => rowOf.set(node, row));
    }
  };
  sweep(columns, "to", "from");
  sweep(columns.slice().reverse(), "from", "to");
  const rows = Math.max(1, ...columns.map((column) => column.length));
  const places = new Map();
  columns.forEach((column, at) => column.forEach((node, row) =>
    places.set(node, {
      column: at, row: row + (rows - column.length) / 2,
    })));
  return { places, columns: columns.length, rows };
}

// Shows one claim with what bears on it and what it bears on, drawn in columns and as a list.
// The list is what assistive technology reads; the drawing adds arrow keys. The state is in the address.
(async () => {
  const root = document.querySelector(".explore");
  if (!root) return;
  const MOST_DRAWN = 12; // claims in a column; the list has all
  const MOST_LISTED = 400;
  const data = globalThis.graphOfClaims ?? (await (await fetch(root.dataset.graph)).json());
  const claims = data.nodes.map(([id, title, state, standing]) => ({ id, title, state, standing, into: [], out: [] }));
  for (const [from, to, type] of data.edges) {
    claims[from].out.push({ at: claims[to], type });
    claims[to].into.push({ at: claims[from], type });
  }
  const byId = new Map(claims.map((claim) => [claim.id, claim]));
  const byTitle = new Map(claims.map((claim) => [claim.title, claim]));
  const bar = root.querySelector(".facets");
  const fields = Object.fromEntries([...bar.querySelectorAll("[name]")].map((field) => [field.name, field]));
  const figure = root.querySelector(".explore__figure");
  const list = root.querySelector(".explore__list");
  const busiest = claims.reduce((a, b) => (b.into.length + b.out.length > a.into.length + a.out.length ? b : a), claims[0]);
  let focus = busiest;

  const make = (name, attributes = {}, ...children) => {
    const isDrawn = ["svg", "g", "path", "rect", "text", "title"].includes(name);
    const element = isDrawn ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const icon = (state) => make("path", { class: `icon badge--${state}`, d: data.icons[state] });
  const page = location.protocol === "file:" ? "index.html" : "";
  const address = (claim) => `${root.dataset.claims}${claim.id}/${page}`;

  // Columns by distance: what bears on the focus is left of it, what it bears on is right of it.
  const layout = () => {
    const depth = Number(fields.depth.value || 2);
    const column = new Map([[focus, 0]]);
    const reached = new Map();
    for (let step = 1; step <= depth; step += 1) {
      for (const side of [-1, 1]) {
        if (fields.dir.value === "in" && side > 0) continue;
        if (fields.dir.value === "out" && side < 0) continue;
        for (const [claim, at] of [...column]) {
          if (at !== side * (step - 1)) continue;
          for (const link of side < 0 ? claim.into : claim.out) {
            if (fields.type.value && link.type !== fields.type.value) continue;
            if (column.has(link.at)) continue;
            column.set(link.at, side * step);
            reached.set(link.at, { by: claim, type: link.type, side });
          }
        }
      }
    }
    const wanted = fields.status.value;
    if (wanted) for (const claim of [...column.keys()]) if (claim !== focus && claim.state !== wanted) column.delete(claim);
    return { column, reached };
  };

  const wrap = (title) => {
    const lines = [""];
    for (const word of title.split(" ")) {
      if (lines.at(-1) && lines.at(-1).length + word.length > 21) lines.push("");
      lines[lines.length - 1] += `${lines.at(-1) ? " " : ""}${word}`;
    }
    return lines.length > 3 ? [lines[0], lines[1], `${lines[2]}…`] : lines;
  };

  const draw = ({ column }) => {
    const columns = new Map();
    for (const [claim, at] of column) columns.set(at, [...(columns.get(at) ?? []), claim].slice(0, MOST_DRAWN));
    const order = [...columns.keys()].sort((a, b) => a - b);
    const rows = Math.max(...[...columns.values()].map((found) => found.length));
    const isNarrow = figure.clientWidth < 560;
    const step = isNarrow ? 184 : 200;
    const place = new Map();
    for (const [at, found] of columns)
      found.forEach((claim, row) => place.set(claim, [6 + (at - order[0]) * step, 6 + (row + (rows - found.length) / 2) * 60]));
    const [width, height] = [(order.at(-1) - order[0]) * step + 180, rows * 60 + 2];
    const svg = make("svg", { class: "graph", width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Drawing" });
    for (const [claim, [x1, y1]] of place)
      for (const { at, type } of claim.out) {
        if (!place.has(at) || (fields.type.value && type !== fields.type.value)) continue;
        const [x2, y2] = place.get(at);
        const [a, b, bend] = x1 < x2 ? [x1 + 168, x2 - 2, 16] : x1 > x2 ? [x1, x2 + 170, -16] : [x1 + 168, x2 + 170, 26];
        const c = x1 === x2 ? b + 26 : b - bend;
        svg.append(make("path", { class: `edge edge--${type}`, d: `M${a} ${y1 + 25}C${a + bend} ${y1 + 25} ${c} ${y2 + 25} ${b} ${y2 + 25}` }));
      }
    for (const [claim, [x, y]] of place) {
      const mark = icon(claim.state);
      mark.setAttribute("transform", `translate(${x + 5} ${y + 17})`);
      const lines = wrap(claim.title);
      const texts = lines.map((line, k) => make("text", { x: x + 25, y: y + 29 - 7 * (lines.length - 1) + 14 * k }, line));
      const node = make(
        "g",
        { class: `node${claim === focus ? " node--focus" : ""}`, tabindex: claim === focus ? 0 : -1, role: "link", "data-id": claim.id },
        make("title", {}, `${data.states[claim.state]}: ${claim.title}`), make("rect", { x, y, width: 168, height: 50, rx: 3 }), mark, ...texts,
      );
      node.addEventListener("click", () => look(claim));
      svg.append(node);
    }
    svg.addEventListener("keydown", (event) => walk(event, place));
    figure.replaceChildren(svg);
    const [x] = place.get(focus);
    // A narrow screen holds two columns: what bears on the focus is whole beside it.
    figure.scrollLeft = isNarrow ? x - step - 4 : x + 84 - figure.clientWidth / 2;
  };

  // Left and right go to the nearest claim in that direction that is joined to this one, up and down stay in the column.
  const walk = (event, place) => {
    const here = byId.get(event.target.dataset.id);
    if (!here) return;
    if (event.key === "Enter") location.href = address(here);
    if (event.key === "f" || event.key === "F") look(here);
    const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const turn = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!side && !turn) return;
    event.preventDefault();
    const [x, y] = place.get(here);
    const joined = new Set([...here.into, ...here.out].map((link) => link.at));
    const near = [...place]
      .filter(([claim, [cx, cy]]) => (side ? joined.has(claim) && Math.sign(cx - x) === side : cx === x && Math.sign(cy - y) === turn))
      .sort((a, b) => Math.abs(a[1][1] - y) - Math.abs(b[1][1] - y));
    if (near.length) figure.querySelector(`[data-id="${CSS.escape(near[0][0].id)}"]`).focus();
  };

  const enumerate = ({ column, reached }) => {
    const sections = [...column].slice(0, MOST_LISTED);
    const listed = (side) => {
      const below = new Map();
      for (const [claim] of sections) {
        const how = reached.get(claim);
        if (how?.side === side) below.set(how.by, [...(below.get(how.by) ?? []), claim]);
      }
      const orphans = sections.filter(([claim]) => reached.get(claim)?.side === side && !column.has(reached.get(claim).by));
      const entry = (claim) => {
        const words = `${data.states[claim.state]}, ${claim.standing}; ${side < 0 ? `${data.says[reached.get(claim).type]} it` : `which it ${data.says[reached.get(claim).type]}`}`;
        const button = make("button", { type: "button" }, "middle");
        button.addEventListener("click", () => look(claim));
        button.setAttribute("aria-label", `Make “${claim.title}” the middle`);
        const item = make("li", {}, make("a", { href: address(claim) }, claim.title), make("span", { class: "why" }, `${words} `, button));
        const children = below.get(claim) ?? [];
        if (children.length) item.append(make("ul", {}, ...children.map(entry)));
        return item;
      };
      const first = [...(below.get(focus) ?? []), ...orphans.map(([claim]) => claim)];
      return first.length ? make("ul", { class: "said" }, ...first.map(entry)) : make("p", {}, "Nothing within these limits.");
    };
    const parts = [make("h2", {}, make("a", { href: address(focus) }, focus.title))];
    if (fields.dir.value !== "out") parts.push(make("h3", {}, "Bears on it"), listed(-1));
    if (fields.dir.value !== "in") parts.push(make("h3", {}, "It bears on"), listed(1));
    list.replaceChildren(...parts);
    const said = `${column.size} of ${claims.length} claims`;
    root.querySelector(".explore__said").textContent = column.size > MOST_LISTED ? `${said}; the first ${MOST_LISTED} are listed` : said;
  };

  const show = () => {
    fields.focus.value = focus.title;
    const found = layout();
    draw(found);
    enumerate(found);
  };
  const keep = (isNew) => {
    const params = new URLSearchParams({ focus: focus.id });
    for (const name of ["dir", "depth", "type", "status"]) if (fields[name].value) params.set(name, fields[name].value);
    history[isNew ? "pushState" : "replaceState"](null, "", `?${params}`);
    show();
  };
  const look = (claim) => {
    focus = claim;
    keep(true);
    figure.querySelector(".node--focus").focus({ preventScroll: true });
  };
  const read = () => {
    const params = new URLSearchParams(location.search);
    focus = byId.get(params.get("focus")) ?? busiest;
    for (const name of ["dir", "depth", "type", "status"]) {
      fields[name].value = params.get(name) ?? "";
      if (fields[name].selectedIndex === -1) fields[name].value = "";
    }
    show();
  };

  if (!focus) return;
  for (const part of [bar, figure, root.querySelector(".explore__keys")]) part.hidden = false;
  root.querySelector(".explore__without").hidden = true;
  root.querySelector("datalist").append(...claims.map((claim) => make("option", { value: claim.title })));
  bar.addEventListener("change", (event) => {
    if (event.target !== fields.focus) return keep(false);
    const claim = byTitle.get(fields.focus.value) ?? byId.get(fields.focus.value);
    if (claim) look(claim);
    else fields.focus.value = focus.title;
  });
  addEventListener("popstate", read);
  read();
})();

// Filters the table of claims. The state is in the address, so that a view can be sent to somebody.
(() => {
  const bar = document.querySelector(".facets[aria-label='Claims']");
  const table = document.querySelector("table.claims");
  if (!bar || !table) return;
  const fields = [...bar.querySelectorAll("[name]")];
  const rows = [...table.querySelectorAll("tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const count = bar.querySelector("output");
  const button = bar.querySelector("button");

  const matches = (row, index) =>
    fields.every((field) => {
      const wanted = field.value.trim().toLowerCase();
      if (!wanted) return true;
      if (field.name === "text") return wanted.split(/\s+/).every((word) => texts[index].includes(word));
      return row.dataset[field.name].split(" ").includes(wanted);
    });

  const show = () => {
    let shown = 0;
    rows.forEach((row, index) => {
      row.hidden = !matches(row, index);
      shown += !row.hidden;
    });
    for (const body of table.tBodies) body.hidden = !body.querySelector("tr:not([hidden])");
    count.textContent = `${shown} of ${rows.length} claims`;
    button.hidden = fields.every((field) => !field.value);
  };

  const keep = () => {
    const params = new URLSearchParams();
    for (const field of fields) if (field.value) params.set(field.name, field.value);
    const query = params.toString();
    history.replaceState(null, "", query ? `?${query}` : location.pathname);
    show();
  };

  const read = () => {
    const params = new URLSearchParams(location.search);
    for (const field of fields) field.value = params.get(field.name) ?? "";
    for (const field of fields) if (field.selectedIndex === -1) field.value = "";
    show();
  };

  bar.hidden = false;
  bar.addEventListener("input", keep);
  button.addEventListener("click", () => {
    for (const field of fields) field.value = "";
    keep();
    fields[0].focus();
  });
  addEventListener("popstate", read);
  read();
})();

"use strict";
// The page is whole without this: it only hides rows that are not looked for.
(() => {
  const tools = document.querySelector(".tools");
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!tools || !rows[1]) return;
  const [text, danger] = tools.querySelectorAll("input");
  const shown = tools.querySelector("output");
  const said = rows.map((row) => `${row.dataset.row} ${row.textContent}`.toLowerCase());
  const filter = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let number = 0;
    rows.forEach((row, at) => {
      const fits = words.every((word) => said[at].includes(word));
      row.hidden = !fits || (danger.checked ? row.querySelector(".danger") === null : false);
      number += row.hidden ? 0 : 1;
    });
    shown.textContent = `${number} of ${rows.length}`;
  };
  text.addEventListener("input", filter);
  danger.addEventListener("change", filter);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  tools.hidden = false;
  filter();
})();

/* Keys that need more than one press of a link: the list of all keys, names of the column one is in,
   and arrows among the days of a month or of everybody's week. */
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const at = event.target;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName)) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const list = document.querySelector(".days-keys");
  if (key === "?" && list) {
    event.preventDefault();
    list.open = !list.open;
    if (!list.open) return;
    list.querySelector("summary").focus();
    list.scrollIntoView({ block: "nearest" });
  } else if (key === "Escape" && list?.open && list.contains(at)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    list.open = false;
  } else if (key === "l") {
    const day = at.closest?.(".day") || document.querySelector(".day");
    const press = day?.querySelector(".unseal[value=noms], .unseal-close");
    if (!press) return;
    event.preventDefault();
    press.click();
  } else if (key === "g") {
    const box = document.getElementById("jour");
    if (!box) return;
    event.preventDefault();
    box.focus();
  } else if (key === "h") {
    // Into the grid, at the visit chosen, else the next one to come.
    const to = document.querySelector(".whole [aria-current=true], .track .entry-chosen, .track [tabindex='0'], #month-on");
    if (!to) return;
    event.preventDefault();
    to.focus();
  }
  const cell = at.closest?.(".month td, .whole td");
  const table = cell?.closest("table");
  const wide = table?.rows[1].querySelectorAll("td").length;
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide }[key];
  if (cell && by) {
    const all = [...table.querySelectorAll("td a")];
    const next = all[all.indexOf(cell.querySelector("a")) + by];
    event.preventDefault();
    event.stopImmediatePropagation();
    next?.focus();
  }
}, true);

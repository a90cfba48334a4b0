/* A visit taken by hand: with D and the arrows here, with the mouse or a finger by pointer.js. The server
   decides; what it refuses it says before anything is done. Without scripts the panel's "Déplacer" does
   the same. */
"use strict";

{
  const STEP = 5;
  const shiftForm = () => document.getElementById("shift");
  const spoken = (text) => {
    document.getElementById("spoken").textContent = text;
  };
  const number = (element, name) => Number([...element.classList].find((one) => new RegExp(`^${name}-\\d+$`).test(one))?.slice(name.length + 1) ?? 0);
  const days = () => [...document.querySelectorAll(".day[data-agenda]")].filter((day) => day.querySelector(".track"));
  const rows = (track) => document.querySelectorAll(".hours .hour").length * 12 || 120;
  const isGrid = () => getComputedStyle(document.querySelector(".day .track")).display === "grid";
  const clock = (track, row) => {
    const minutes = Number(track.dataset.firstHour) * 60 + row * STEP;
    return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0"));
  };
  const told = (track, row) => {
    const [hour, minute] = clock(track, row).map(Number);
    const english = document.documentElement.lang.startsWith("en");
    return english ? `${(hour + 11) % 12 + 1}:${String(minute).padStart(2, "0")} ${hour < 12 ? "am" : "pm"}` : `${hour}\u00a0h\u00a0${String(minute).padStart(2, "0")}`;
  };

  // What is in the hand: the visit, the column and rows it would have, and its drawn shadow.
  let hand = null;

  const standsIn = (held) => {
    const track = held.day.querySelector(".track");
    const end = held.row + held.length;
    const meets = (one) => number(one, "from") < end && held.row < number(one, "from") + number(one, "for");
    const others = [...track.querySelectorAll(".place:not(.shadow)")].filter((one) => {
      const entry = one.matches(".entry") ? one : one.querySelector(".entry");
      return one !== held.visit && entry && !entry.matches(".entry-cancelled, .entry-noshow") && meets(one);
    });
    if (others.length) return "taken";
    return [...track.querySelectorAll(".closed")].some(meets) ? "closed" : "free";
  };
  const hours = () => {
    const track = hand.day.querySelector(".track");
    return `${told(track, hand.row)} – ${told(track, hand.row + hand.length)}`;
  };
  const draw = () => {
    const track = hand.day.querySelector(".track");
    const state = standsIn(hand);
    hand.shadow.className = `place shadow shadow-${state} from-${hand.row} for-${hand.length}${hand.rests ? " shadow-rests" : ""}`;
    hand.shadow.firstChild.textContent = hours();
    if (hand.shadow.parentElement !== track) track.append(hand.shadow);
    return state;
  };
  const say = (state) => {
    const track = hand.day.querySelector(".track");
    const words = shiftForm().dataset;
    const minutes = hand.length === hand.was.length ? "" : `, ${hand.length * STEP} ${words.minutes}`;
    spoken(`${told(track, hand.row)}, ${hand.day.getAttribute("aria-label")}${minutes}, ${words[state]}`);
  };
  const take = (visit) => {
    const day = visit.closest(".day");
    const length = Math.max(1, Math.round(Number(visit.dataset.minutes) / STEP));
    const row = number(visit, "from");
    hand = { visit, day, row, length, was: { day, row, length }, shadow: document.createElement("div") };
    hand.shadow.setAttribute("aria-hidden", "true");
    hand.shadow.append(document.createElement("span"));
    visit.classList.add("in-hand");
    document.body.classList.add("has-in-hand");
  };
  const leave = () => {
    hand.shadow.remove();
    hand.visit.classList.remove("in-hand");
    document.body.classList.remove("has-in-hand");
    hand = null;
    document.dispatchEvent(new CustomEvent("serment:empty-handed"));
  };
  const drop = () => {
    const { visit, day, row, length, was } = hand;
    const same = was.day === day && was.row === row && was.length === length;
    leave();
    if (same) return spoken(shiftForm().dataset.left);
    const track = day.querySelector(".track");
    const form = shiftForm();
    const moved = was.day !== day || was.row !== row;
    const values = {
      visite: visit.dataset.visit,
      agenda: day.dataset.agenda,
      de: was.day.dataset.agenda,
      vers: moved ? `${day.dataset.day}T${clock(track, row).join(":")}` : visit.dataset.start,
      minutes: was.length === length ? visit.dataset.minutes : length * STEP,
      vu: visit.dataset.start,
    };
    for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
    form.requestSubmit();
  };
  const place = (day, row, length) => {
    const most = rows();
    hand.day = day;
    hand.length = Math.min(Math.max(1, length), 96, most);
    hand.row = Math.min(Math.max(0, row), most - hand.length);
  };

  window.sermentHand = {
    holds: () => hand !== null,
    held: () => hand,
    ready: () => Boolean(shiftForm()) && isGrid(),
    letGo: () => {
      leave();
      spoken(shiftForm()?.dataset.left || "");
    },
    take, draw, say, hours, drop, place, days, rows, spoken,
  };

  // The keyboard, heard before the desk's other keys.
  const carried = {
    ArrowUp: () => place(hand.day, hand.row - 1, hand.length),
    ArrowDown: () => place(hand.day, hand.row + 1, hand.length),
    PageUp: () => place(hand.day, hand.row - 12, hand.length),
    PageDown: () => place(hand.day, hand.row + 12, hand.length),
    ArrowLeft: () => beside(-1),
    ArrowRight: () => beside(1),
    "+": () => place(hand.day, hand.row, hand.length + 1),
    "-": () => place(hand.day, hand.row, hand.length - 1),
  };
  const beside = (by) => {
    const all = days();
    const next = all[all.indexOf(hand.day) + by];
    if (next) place(next, hand.row, hand.length);
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const at = document.activeElement;
    if (at?.matches("input, select, textarea")) return;
    // The visit one is at; from beside the grid, the one whose panel is open.
    const visit = at?.closest("[data-visit]") || document.querySelector(".entry-chosen")?.closest("[data-visit]");
    if (!hand) {
      if (key !== "d" || !visit || !window.sermentHand.ready()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      take(visit);
      draw();
      spoken(shiftForm().dataset.picked);
      return;
    }
    if (key === "Enter") drop();
    else if (key === "Escape") window.sermentHand.letGo();
    else if (carried[key === "=" ? "+" : key]) {
      carried[key === "=" ? "+" : key]();
      say(draw());
      hand.shadow.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else if (key === "Tab") leave();
    else return;
    if (key !== "Tab") event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  // What can be undone for a minute is offered for a minute; it is read out, as the page is not new.
  let shown = "";
  const fresh = () => {
    const notice = document.getElementById("shifted");
    const text = notice?.querySelector("p")?.textContent.replace(/\s+/g, " ").trim() || "";
    if (text && text !== shown) spoken(text);
    shown = text;
    const seconds = Number(notice?.dataset.goneAfter || 0);
    if (seconds) setTimeout(() => notice.remove(), seconds * 1000);
  };
  document.addEventListener("htmx:afterSettle", fresh);
  fresh();
}

/* A visit taken by hand: with the mouse, or with D and the arrows. The server decides; what it refuses
   it says before anything is done. Without this script the panel's "Déplacer" does the same. */
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
  let dropped = false;
  window.sermentHand = () => hand !== null;

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
  const draw = () => {
    const track = hand.day.querySelector(".track");
    const state = standsIn(hand);
    hand.shadow.className = `place shadow shadow-${state} from-${hand.row} for-${hand.length}`;
    hand.shadow.textContent = `${told(track, hand.row)} – ${told(track, hand.row + hand.length)}`;
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

  // The mouse: a visit by its middle moves, by its lower edge lasts. A finger scrolls instead.
  let pressed = null;
  document.addEventListener("pointerdown", (event) => {
    const visit = event.target.closest?.("[data-visit]");
    if (!visit || event.button || event.pointerType === "touch" || hand || !shiftForm() || !isGrid()) return;
    const box = visit.getBoundingClientRect();
    const edge = Math.min(9, box.height / 3);
    pressed = { visit, x: event.clientX, y: event.clientY, grip: event.clientY - box.top, lasts: box.bottom - event.clientY < edge };
  });
  document.addEventListener("pointermove", (event) => {
    if (!pressed) return;
    if (!hand) {
      if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < 6) return;
      take(pressed.visit);
    }
    event.preventDefault();
    const tracks = days().map((day) => [day, day.querySelector(".track").getBoundingClientRect()]);
    const [day, box] = pressed.lasts
      ? [hand.was.day, hand.was.day.querySelector(".track").getBoundingClientRect()]
      : tracks.find(([, one]) => event.clientX >= one.left && event.clientX < one.right) || [hand.day, hand.day.querySelector(".track").getBoundingClientRect()];
    const high = box.height / rows();
    if (pressed.lasts) place(day, hand.was.row, Math.round((event.clientY - box.top) / high) - hand.was.row);
    else place(day, Math.round((event.clientY - pressed.grip - box.top) / high), hand.length);
    draw();
    const frame = document.querySelector("[data-scroll]");
    const edges = frame.getBoundingClientRect();
    if (event.clientY > edges.bottom - 36) frame.scrollTop += 10;
    else if (event.clientY < edges.top + 120) frame.scrollTop -= 10;
  });
  document.addEventListener("pointerup", () => {
    pressed = null;
    if (!hand) return;
    dropped = true;
    setTimeout(() => (dropped = false), 0);
    drop();
  });
  document.addEventListener("pointercancel", () => {
    pressed = null;
    if (hand) leave();
  });
  // The press that ends a drag opens nothing.
  document.addEventListener("click", (event) => {
    if (!dropped) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  document.addEventListener("dragstart", (event) => event.target.closest?.("[data-visit]") && event.preventDefault());

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
    const visit = document.activeElement?.closest("[data-visit]");
    if (!hand) {
      if (key !== "d" || !visit || !shiftForm() || !isGrid()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      take(visit);
      draw();
      spoken(shiftForm().dataset.picked);
      return;
    }
    if (key === "Enter") drop();
    else if (key === "Escape") {
      leave();
      spoken(shiftForm().dataset.left);
    } else if (carried[key === "=" ? "+" : key]) {
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

/* A visit taken with the mouse or a finger. The mouse takes at once: by the middle to move, by the lower
   edge to stretch. A finger scrolls; held still on a visit it takes it up, and then carries it. Lifted
   without having carried it, the visit waits with a handle, to be dragged or stretched. */
"use strict";

{
  const hand = window.sermentHand;
  const HELD_MILLISECONDS = 450;
  const STILL = 10;
  const CARRIED = 6;
  const WAITS_MILLISECONDS = 30000;
  const SPEED_MAX = 14;

  // What is pressed: where it began and is now, and whether the visit is in the hand by it.
  let pressed = null;
  let ended = false;
  let waits = 0;
  let hours = null;

  const words = () => document.getElementById("shift").dataset;
  const far = (event) => Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y);
  const at = (event) => ({ x: event.clientX, y: event.clientY });

  const tell = () => {
    if (!pressed?.finger) return;
    hours ||= document.body.appendChild(Object.assign(document.createElement("div"), { className: "hand-hours" }));
    hours.setAttribute("aria-hidden", "true");
    hours.textContent = hand.hours();
  };
  const forget = () => {
    clearTimeout(pressed?.timer);
    pressed = null;
    hours?.remove();
    hours = null;
  };
  const letGo = () => {
    clearTimeout(waits);
    forget();
    if (hand.holds()) hand.letGo();
  };
  // It stays lifted, to be dragged on or drawn out; left alone, it goes back.
  const rest = () => {
    forget();
    const held = hand.held();
    if (!held.rests) held.shadow.append(Object.assign(document.createElement("span"), { className: "shadow-grip" }));
    held.rests = true;
    hand.draw();
    clearTimeout(waits);
    waits = setTimeout(letGo, WAITS_MILLISECONDS);
  };
  const rests = () => hand.held()?.rests;

  const follow = () => {
    const held = hand.held();
    const { x, y } = pressed.now;
    const box = (day) => day.querySelector(".track").getBoundingClientRect();
    const over = hand.days().find((day) => x >= box(day).left && x < box(day).right);
    const day = pressed.lasts ? held.was.day : over || held.day;
    const { top, height } = box(day);
    const row = (from) => Math.round((from - top) / (height / hand.rows()));
    if (pressed.lasts) hand.place(day, held.was.row, row(y - pressed.grip) - held.was.row);
    else hand.place(day, row(y - pressed.grip), held.length);
    hand.draw();
    tell();
  };

  // At an edge of what is seen the agenda goes on under a hand that holds still.
  const pull = (where, low, high) => {
    const beyond = where < low ? where - low : Math.max(0, where - high);
    return Math.sign(beyond) * Math.min(SPEED_MAX, Math.ceil(Math.abs(beyond) / 4));
  };
  const glide = () => {
    if (!pressed?.carried || !hand.holds()) return;
    const frame = document.querySelector("[data-scroll]");
    const edges = frame.getBoundingClientRect();
    const head = frame.querySelector(".day .day-head")?.offsetHeight || 0;
    const { x, y } = pressed.now;
    const down = pull(y, Math.max(0, edges.top) + head + 20, Math.min(innerHeight, edges.bottom) - 44);
    const across = pressed.lasts ? 0 : pull(x, Math.max(0, edges.left) + 30, Math.min(innerWidth, edges.right) - 30);
    const before = [frame.scrollTop, frame.scrollLeft, scrollY];
    frame.scrollBy(across, down);
    if (down && frame.scrollTop === before[0]) window.scrollBy(0, down);
    if (before[0] !== frame.scrollTop || before[1] !== frame.scrollLeft || before[2] !== scrollY) follow();
    requestAnimationFrame(glide);
  };

  const takeUp = () => {
    hand.take(pressed.visit);
    hand.draw();
    pressed.held = true;
    if (!pressed.finger) return;
    navigator.vibrate?.(12);
    hand.spoken(words().held);
    tell();
  };
  const takeAgain = (event) => {
    const { shadow } = hand.held();
    if (event.target !== shadow && !shadow.contains(event.target)) return;
    clearTimeout(waits);
    // The shadow goes from column to column; what is heard of the finger stays here.
    document.documentElement.setPointerCapture(event.pointerId);
    const box = shadow.getBoundingClientRect();
    const lasts = event.target.matches(".shadow-grip");
    const grip = event.clientY - (lasts ? box.bottom : box.top);
    pressed = { ...at(event), now: at(event), finger: event.pointerType !== "mouse", lasts, grip, held: true };
  };

  document.addEventListener("pointerdown", (event) => {
    const finger = event.pointerType !== "mouse";
    if (!event.isPrimary) return letGo();
    if (event.button) return undefined;
    if (hand.holds()) return rests() ? takeAgain(event) : undefined;
    const visit = event.target.closest?.("[data-visit]");
    if (!visit || !hand.ready()) return undefined;
    const box = visit.getBoundingClientRect();
    const lasts = !finger && box.bottom - event.clientY < Math.min(9, box.height / 3);
    pressed = { visit, ...at(event), now: at(event), finger, lasts, grip: lasts ? 0 : event.clientY - box.top };
    if (finger) pressed.timer = setTimeout(takeUp, HELD_MILLISECONDS);
    return undefined;
  });
  document.addEventListener("pointermove", (event) => {
    if (!pressed || !event.isPrimary) return;
    pressed.now = at(event);
    if (!pressed.held) {
      if (pressed.finger) return far(event) > STILL ? forget() : undefined;
      if (far(event) < CARRIED) return undefined;
      takeUp();
    }
    if (!hand.holds()) return forget();
    event.preventDefault();
    if (!pressed.carried) {
      if (far(event) < CARRIED) return undefined;
      pressed.carried = true;
      requestAnimationFrame(glide);
    }
    return follow();
  });
  document.addEventListener("pointerup", () => {
    const { held, carried, finger } = pressed || {};
    if (!held || !hand.holds()) return forget();
    ended = true;
    setTimeout(() => (ended = false), finger ? 60 : 0);
    if (!carried) return rest();
    forget();
    return hand.drop();
  });
  document.addEventListener("pointercancel", () => (pressed?.held ? letGo() : forget()));
  document.addEventListener("visibilitychange", () => document.hidden && pressed && letGo());

  // The browser asks here, before it scrolls, whether the finger is carrying something.
  document.addEventListener("touchmove", (event) => pressed?.held && event.cancelable && event.preventDefault(), { passive: false });
  document.addEventListener("touchend", (event) => ended && event.cancelable && event.preventDefault(), { passive: false });
  // A finger that holds still would have the browser's menu of a link.
  document.addEventListener("contextmenu", (event) => (pressed?.finger || rests()) && event.preventDefault());
  // The press that ends a drag opens nothing; one beside a visit that waits puts it back.
  document.addEventListener("click", (event) => {
    const beside = !ended && rests() && !hand.held().shadow.contains(event.target);
    if (beside) letGo();
    if (!ended && !(beside && event.target.closest("#desk"))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  document.addEventListener("dragstart", (event) => event.target.closest?.("[data-visit]") && event.preventDefault());
}

"use strict";
{
  // Letters that do nothing else here.
  const LETTERS = "qwertasdfgzxvbyhilm";
  const BETWEEN = "; ";
  const list = document.querySelector(".answers");
  const answers = [...list.querySelectorAll(".answer")];
  const parts = [...document.querySelectorAll(".parts a")];
  const [left, said, comments, none, side] = ["left", "said", "comments", "no-comments", "side"].map(
    (id) => document.getElementById(id));
  const reusable = [];
  // Of each answer the mark in the file, and what is being saved.
  const seen = new Map(), saving = new Map();

  const field = (answer) => answer.querySelector("textarea");
  const wrong = (answer, text) => { answer.querySelector(".wrong").textContent = text; };
  const mark = (answer) => [answer.dataset.points, field(answer).value.trim()];

  const show = (answer) => {
    const { points } = answer.dataset;
    const buttons = [...answer.querySelectorAll(".mark button")];
    for (const one of buttons) one.setAttribute("aria-pressed", String(one.value === points));
    answer.classList.toggle("read", points !== "");
    answer.querySelector(".now").textContent = points === "" ? "unread" : `${points} points`;
  };
  const take = (answer, [points, comment]) => {
    seen.set(answer, [points, comment]);
    answer.dataset.points = points;
    field(answer).value = comment;
    show(answer);
  };
  const count = (unread) => {
    left.textContent = unread[list.dataset.part];
    for (const one of parts) one.querySelector("small").firstChild.data = unread[one.dataset.part];
  };

  // -- comments that may be used again
  const remember = (comment) => {
    for (const text of comment.split(BETWEEN).map((one) => one.trim()).filter(Boolean)) {
      if (reusable.includes(text) || reusable.length >= LETTERS.length) continue;
      reusable.push(text);
      const item = document.createElement("li"), key = document.createElement("kbd");
      key.textContent = LETTERS[reusable.length - 1];
      item.append(key, ` ${text}`);
      comments.append(item);
      none.hidden = true;
    }
  };
  const toggle = (answer, text) => {
    const own = field(answer).value.split(BETWEEN).map((one) => one.trim()).filter(Boolean);
    const rest = own.filter((one) => one !== text);
    field(answer).value = (rest.length < own.length ? rest : [...own, text]).join(BETWEEN);
    save(answer);
  };

  // -- saving: one request of an answer after another
  const send = async (answer) => {
    const now = mark(answer), before = seen.get(answer);
    if (now[0] === before[0] && now[1] === before[1]) return;
    const body = JSON.stringify({
      part: list.dataset.part, number: Number(answer.dataset.number), seen: before, mark: now,
    });
    said.textContent = "Saving";
    try {
      const reply = await fetch("save", {
        method: "POST", headers: { "Content-Type": "application/json" }, body,
      });
      if (reply.status !== 200 && reply.status !== 409) throw new Error(await reply.text());
      const { mark: kept, unread } = await reply.json();
      count(unread);
      if (reply.status === 409) {
        take(answer, kept);
        wrong(answer, "Another window marked this meanwhile. Its mark is shown; yours is not saved.");
        said.textContent = "Not saved";
        return;
      }
      // What was typed since stays, and is saved next.
      const [points, comment] = mark(answer);
      seen.set(answer, kept);
      if (points === now[0] && comment === now[1]) take(answer, kept);
      remember(kept[1]);
      wrong(answer, "");
      said.textContent = "Saved";
    } catch (error) {
      wrong(answer, `Not saved: ${error.message}`);
      said.textContent = "Not saved";
    }
  };
  const save = (answer) => {
    show(answer);
    saving.set(answer, (saving.get(answer) ?? Promise.resolve()).then(() => send(answer)));
  };

  // -- moving
  const go = (answer) => {
    if (!answer) return;
    answer.focus({ preventScroll: true });
    answer.scrollIntoView({ block: "nearest" });
  };
  const unread = (from) => [...answers.slice(from), ...answers.slice(0, from)].find(
    (one) => one.dataset.points === "");
  const turn = (step) => {
    const at = parts.findIndex((one) => one.dataset.part === list.dataset.part) + step;
    if (parts[at]) parts[at].click();
  };
  const beside = () => {
    const on = list.classList.toggle("beside");
    side.setAttribute("aria-pressed", String(on));
  };

  list.addEventListener("keydown", (event) => {
    const answer = event.target.closest(".answer");
    if (!answer || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.target === field(answer)) {
      if (event.key === "Escape") answer.focus();
      return;
    }
    const at = answers.indexOf(answer), key = event.key;
    const buttons = answer.querySelectorAll(".mark button:not([value=''])");
    if (/^\d$/.test(key) && buttons[Number(key)]) buttons[Number(key)].click();
    else if (key === "j") go(answers[at + 1]);
    else if (key === "k") go(answers[at - 1]);
    else if (key === "u") go(unread(at + 1));
    else if (key === "c") field(answer).focus();
    else if (key === "n") turn(1);
    else if (key === "p") turn(-1);
    else if (key === "o") beside();
    else if (reusable[LETTERS.indexOf(key)] !== undefined && key.length === 1) {
      toggle(answer, reusable[LETTERS.indexOf(key)]);
    } else return;
    event.preventDefault();
  });
  side.addEventListener("click", beside);
  for (const answer of answers) {
    take(answer, [answer.dataset.points, answer.dataset.comment]);
    remember(answer.dataset.comment);
    for (const button of answer.querySelectorAll(".mark button")) {
      button.addEventListener("click", () => {
        answer.dataset.points = button.value;
        save(answer);
      });
    }
    field(answer).addEventListener("change", () => save(answer));
  }
  window.addEventListener("beforeunload", (event) => {
    const open = answers.some((one) => mark(one).some((text, n) => text !== seen.get(one)[n]));
    if (open) event.preventDefault();
  });
  go(unread(0) ?? answers[0]);
}

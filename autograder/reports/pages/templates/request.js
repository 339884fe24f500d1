"use strict";
{
  const form = document.querySelector(".request form");
  const [criterion, reason, written, saved] = ["criterion", "reason", "written", "saved"].map(
    (id) => document.getElementById(id));
  const { heading, assignment, student } = form.dataset;

  const write = () => {
    const points = criterion.selectedOptions[0].dataset.points ?? "";
    written.value = [
      heading,
      `assignment: ${assignment}`,
      `student: ${student}`,
      `criterion: ${criterion.value}`,
      `points: ${points}`,
      "reason:",
      reason.value.trim(),
      "",
    ].join("\n");
    saved.textContent = "";
  };
  const save = (event) => {
    event.preventDefault();
    const name = `request-${student}-${criterion.value}.txt`.replace(/[^\w.@+-]/g, "_");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([written.value], { type: "text/plain" }));
    link.download = name;
    link.click();
    saved.textContent = `Saved as ${name}; now hand it in. If no file was saved, copy the text below.`;
  };

  for (const one of [criterion, reason]) one.addEventListener("input", write);
  written.addEventListener("focus", () => written.select());
  form.addEventListener("submit", save);
  document.getElementById("by-hand").hidden = true;
  form.hidden = false;
  write();
}

// Parts of a form that belong to one choice: <div data-when="next_step=issue,fixed">. Without script all are shown.
function apply(form) {
  for (const part of form.querySelectorAll("[data-when]")) {
    const [name, values] = part.dataset.when.split("=");
    const chosen = form.querySelector(`[name="${name}"]:checked`);
    part.hidden = Boolean(chosen) && !values.split(",").includes(chosen.value);
  }
}

export function watchChoices(root = document) {
  for (const form of root.querySelectorAll("form")) if (form.querySelector("[data-when]")) apply(form);
  document.addEventListener("change", (event) => {
    const {form} = event.target;
    if (form?.querySelector("[data-when]")) apply(form);
  });
}

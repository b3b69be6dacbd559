// A form of the server bound to a plain object: filled, read, and told what is wrong as the server would tell it.
import {element} from "../dom.js";

export const TYPING = 400; // ms without a key before what was typed is saved
export const FULL = "没有保存：手机的存储空间不够。请删掉一些东西后再试。";

// Checkboxes among choices are a list of ids; one by itself is yes or no.
const isList = (field) => field.type === "checkbox" && Boolean(field.closest(".choices"));
const named = (form, prefix) => [...form.elements].filter((field) => field.name?.startsWith(prefix) && field.type !== "file");

/** The values by name, without `prefix`; lists of ids are numbers. */
export function read(form, prefix = "") {
  const found = {};
  for (const field of named(form, prefix)) {
    const name = field.name.slice(prefix.length);
    if (isList(field)) {
      found[name] ??= [];
      if (field.checked) found[name].push(Number(field.value));
    } else if (field.type === "checkbox") found[name] = field.checked;
    else if (field.type !== "radio") found[name] = field.value;
    else if (field.checked) found[name] = field.value;
  }
  return found;
}

/** Sets the fields that `values` names; tells the parts of the form that depend on a choice. */
export function fill(form, values, prefix = "") {
  for (const field of named(form, prefix)) {
    const value = values[field.name.slice(prefix.length)];
    if (value === undefined) continue;
    if (isList(field)) field.checked = value.map(String).includes(field.value);
    else if (field.type === "checkbox") field.checked = Boolean(value);
    else if (field.type === "radio") field.checked = field.value === String(value ?? "");
    else field.value = value ?? "";
  }
  form.querySelector("[type=radio]")?.dispatchEvent(new Event("change", {bubbles: true}));
}

/** Words beside each field of `errors` {name: words} and a list of them on top, which gets the focus. */
export function showErrors(form, errors) {
  for (const old of form.querySelectorAll(".error, .error-summary")) old.remove();
  for (const field of form.querySelectorAll(".has-error")) field.classList.remove("has-error");
  const entries = Object.entries(errors);
  if (!entries.length) return;
  const list = element("ul", {});
  for (const [name, words] of entries) {
    const field = form.querySelector(`[name="${name}"], [data-name="${name}"]`);
    const box = field?.closest(".evidence, .field");
    box?.classList.add("has-error");
    const label = box?.querySelector("legend, label:not(.choice)");
    label?.after(element("p", {class: "error"}, words));
    const title = label?.firstChild?.textContent.trim();
    const link = element("a", {href: "#"}, title ? `${title}：${words}` : words);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      for (let part = box?.parentElement; part; part = part.parentElement) if (part.matches("details")) part.open = true;
      box?.scrollIntoView({block: "center"});
      (field?.matches("fieldset") ? field.querySelector("input") : field)?.focus({preventScroll: true});
    });
    list.append(element("li", {}, link));
  }
  const summary = element("div", {class: "error-summary", role: "alert", tabindex: "-1"}, element("h2", {}, "请先改正以下内容"), list);
  form.prepend(summary);
  summary.focus({preventScroll: true});
  summary.scrollIntoView({block: "center"});
}

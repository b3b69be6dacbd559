// Everything works without this file; with it, pages move less and forgive more.
import "htmx.org";
import {keepDrafts, restoreDrafts} from "./drafts.js";
import {careForForms, leadToErrors} from "./forms.js";
import {watchLogout} from "./leave.js";
import {isPoll, watchRequests} from "./requests.js";
import {watchReturn} from "./session.js";
import {watchPhotos} from "./viewer.js";
import {watchChoices} from "./when.js";

/** The tab somebody is on is in sight, however many there are. */
function showCurrentTabs(root = document) {
  for (const tab of root.querySelectorAll(".tabs a[aria-current]")) {
    const strip = tab.closest(".tabs");
    strip.scrollLeft = tab.offsetLeft - (strip.clientWidth - tab.clientWidth) / 2;
  }
}

/** Menus close on Escape and on a click elsewhere, as people expect. */
function closeMenus() {
  const openMenus = () => document.querySelectorAll("details.menu[open]");
  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

if (document.body.dataset.user) localStorage.setItem("size", document.documentElement.dataset.size); // the field page has no profile to ask
watchRequests();
watchReturn();
watchLogout();
careForForms();
keepDrafts();
watchPhotos();
watchChoices();
closeMenus();
showCurrentTabs();
document.addEventListener("htmx:after:swap", ({detail: {ctx}}) => {
  if (isPoll(ctx)) return;
  restoreDrafts();
  showCurrentTabs();
  leadToErrors();
});

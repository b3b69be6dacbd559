// The one-file packet: the same visit, kept in this browser where it allows that, and saved as a file to be brought back.
import sprite from "../../dist/icons.svg";
import {ask, element, icon, toast} from "../dom.js";
import {watchChoices} from "../when.js";
import {openStore} from "./store.js";
import {ownIcons, VisitView} from "./walk.js";
import {pack, save} from "./zip.js";

const parts = ["walk", "record", "sign", "finish"];
const notes = document.querySelector("[data-notes]");
const note = (tone, name, title, words) => element("div", {class: `alert alert-${tone}`}, icon("", name), element("div", {}, element("strong", {}, title), element("p", {}, words)));
let unsaved = false;

function showIcons() {
  const box = element("div", {hidden: true});
  box.innerHTML = sprite;
  document.body.prepend(box);
  ownIcons(document, "");
}

async function start() {
  const kit = JSON.parse(document.getElementById("kit").textContent);
  showIcons();
  const store = await openStore();
  const view = new VisitView({
    root: document.querySelector("[data-view]"), store, kit, draft: await store.draft(kit.visit), icons: "", isPacket: true,
    go: (part) => { location.hash = part; },
    save: async () => {
      try {
        save(await pack(store, kit));
        unsaved = false;
        toast("已保存检查数据，一般在手机的“下载”文件夹里。", "success");
      } catch (error) {
        console.error(error);
        toast("没有保存：有照片读不出来，请移除后重拍。", "danger");
      }
    },
  });
  if (!store.isKept) notes.append(note("danger", "alert-triangle", "关闭这个页面，填写的内容就会丢失", "这样打开的文件不能在手机里保存内容。请先把文件存到手机，再用手机自带的浏览器打开；或者检查中不要关闭，随时点“保存检查数据”。"));
  if (new Date() > new Date(kit.send_until)) notes.append(note("danger", "alert-triangle", "这个离线检查包已经过期，数据不能再上传", "请联系单位，在系统中重新制作。"));
  const button = element("button", {type: "button", class: "btn"}, icon("", "download"), "保存检查数据");
  button.addEventListener("click", () => view.save());
  const remove = element("button", {type: "button", class: "btn btn-danger"}, "从手机删除");
  remove.addEventListener("click", async () => {
    const note = "上传到系统以后再删除。删除后，手机里的答案、照片和签名都找不回来。";
    if (await ask({question: "删除手机里的这次检查？", note, yes: "删除", isDanger: true})) { await store.forget(kit.visit); location.reload(); }
  });
  const bar = element("p", {class: "actions"}, button, remove);
  document.getElementById("main").append(bar);
  // The last step has a button of its own until the visit is finished.
  const showBar = () => { remove.hidden = !view.draft?.is_finished; bar.hidden = !view.draft || (view.shown === "finish" && !view.draft.is_finished); };
  store.onChange(() => { unsaved = true; view.refresh().then(showBar); });
  window.addEventListener("beforeunload", (event) => { if (unsaved && !store.isKept) event.preventDefault(); });
  const follow = async () => {
    await view.show(parts.includes(location.hash.slice(1)) ? location.hash.slice(1) : "walk");
    showBar();
  };
  window.addEventListener("hashchange", follow);
  watchChoices();
  await follow();
}

start();

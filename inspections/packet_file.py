"""单文件离线检查包: the kit, the page, its styles and its script in one HTML file that needs no server."""

import base64
import hashlib
import json
import re
from pathlib import Path

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

_FOR_SCRIPTS = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def one_file(kit: dict) -> str:
    """The page. Its policy allows exactly the script and the styles in it by their hashes, and no address at all."""
    css, js = _built("app.css"), _built("packet.js")
    # Inside an element nothing but its own end tag ends it; the hash is of what stands there.
    css, js = css.replace("</", "<\\/"), re.sub(r"</(script)", r"<\\/\1", js, flags=re.IGNORECASE)
    js = js.replace("<!--", "\\x3C!--")
    context = {
        "kit": kit,
        "css": mark_safe(css),
        "js": mark_safe(js),
        "json": mark_safe(json.dumps(kit, ensure_ascii=False).translate(_FOR_SCRIPTS)),
        "icons": mark_safe(_built("icons.svg")),
        "hashes": {"css": _hash(css), "js": _hash(js)},
    }
    page = render_to_string("inspections/field/packet.html", context)
    # Icons stand in the file itself: what the markup calls by the address of the sprite is at hand.
    return page.replace(static("dist/icons.svg"), "")


def _built(name: str) -> str:
    path = finders.find(f"dist/{name}")
    if path is None:
        raise FileNotFoundError(f"static/dist/{name} is not built: run `npm run build`")
    return Path(path).read_text()


def _hash(text: str) -> SafeString:
    """As a content security policy names it, between quotes."""
    return mark_safe(f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}")

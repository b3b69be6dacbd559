"""The field page (离线检查) and its service worker.

Both are open to anybody: the service worker keeps the page in the browser, where whoever holds the phone opens it,
so nothing of anybody may stand in it. Names, kits and drafts come from the phone's own store.
"""

import hashlib
import json
import re
import uuid
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from common.http import public

NOBODY = uuid.UUID(int=0)  # stands in addresses for the uid the script puts there


def _shell() -> str:
    # Without the request: no user, no post, no token can reach the template.
    return render_to_string("inspections/field/shell.html", {"nobody": NOBODY})


@public
def shell(request):
    """The page that works without signal; the same for everybody."""
    return HttpResponse(_shell(), headers={"Cache-Control": "no-cache"})


@public
def service_worker(request):
    """dist/sw.js, told what to keep: the page and every static file it names; another page, another version."""
    source = finders.find("dist/sw.js")
    if source is None:
        raise Http404
    page, script = _shell(), Path(source).read_text()
    static = re.escape(settings.STATIC_URL)
    files = sorted({name.split("#")[0] for name in re.findall(rf'["\']({static}[^"\'\s]+)["\']', page)})
    version = hashlib.sha256(f"{page}{script}".encode()).hexdigest()[:16]
    told = {"version": version, "page": reverse("inspections:field"), "files": files}
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": "/"}
    return HttpResponse(f"const SHELL = {json.dumps(told)};\n{script}", "text/javascript", headers=headers)

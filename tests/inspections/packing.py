"""A phone that fills in a kit and saves the zip, as static/js/field does."""

import hashlib
import hmac
import io
import json
import uuid
import zipfile
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from inspections import kits
from inspections.models import Packet
from tests.factories import as_client
from tests.inspections.walking import data_url
from tests.pictures import jpeg

IMPORT = "/inspections/packets/import/"


def problem(**changes) -> dict:
    return {
        "uid": str(uuid.uuid4()),
        "item": None,
        "description": "疏散通道堆放杂物",
        "location": "二楼东侧",
        "domain": "fire",
        "severity": "general",
        "handling": "issue",
        "due_on": (timezone.localdate() + timedelta(days=7)).isoformat(),
        "responsible_person": "张三",
        "revision": None,
        "found_at": timezone.now().isoformat(),
    } | changes


class Filled:
    """A kit on its way through a visit; `zip()` is what the phone saves."""

    def __init__(self, actor, institution, *, form="file", visit=None):
        self.actor = actor
        self.kit = kits.take(actor, institution, form=form, visit=visit)
        self.pictures = {}
        lists = [c for c in self.kit["checklists"] if not c["is_added"]]
        self.items = [item["id"] for c in self.kit["checklists"] for item in c["items"]]
        self.visit = {
            "format": 1,
            "packet": self.kit["packet"],
            "visit": self.kit["visit"],
            "digest": self.kit["digest"],
            "saved": 1,
            "saved_at": timezone.now().isoformat(),
            "record": {
                "kind": self.kit["kinds"][0]["value"],
                "is_unannounced": False,
                "checklist": lists[0]["id"] if lists else None,
                "campaigns": [],
                "inspectors": [person["id"] for person in self.kit["colleagues"]],
                "other_participants": "",
                "checked_in_at": (timezone.now() - timedelta(hours=3)).isoformat(),
                "person_in_charge": "刘芳",
                "place_note": "一至三楼",
                "content": "",
                "problems": "",
                "handling": "",
            },
            "answers": [],
            "findings": [],
            "photos": [],
            "signatures": [],
            "is_finished": True,
        }

    @property
    def packet(self) -> Packet:
        return Packet.objects.get(uid=self.kit["packet"])

    def answer(self, *values):
        for item, value in zip(self.items, values, strict=False):
            self.visit["answers"].append({"item": item, "value": value, "note": "", "revision": None})
        return self

    def find(self, picture=True, **changes):
        found = problem(**changes)
        self.visit["findings"].append(found)
        if picture:
            self.photograph(found["uid"])
        return found

    def photograph(self, finding, stage="found", content=None):
        content, uid = content or jpeg("red", seed=len(self.pictures) + 1), str(uuid.uuid4())
        self.pictures[uid] = content
        sha = hashlib.sha256(content).hexdigest()
        self.visit["photos"].append(
            {"id": uid, "finding": finding, "stage": stage, "name": "IMG.jpg", "type": "image/jpeg",
             "taken_at": timezone.now().isoformat(), "sha256": sha, "size": len(content)}
        )  # fmt: skip
        return uid

    def sign(self, **changes):
        signed = {"id": str(uuid.uuid4()), "who": "in_charge", "name": "刘芳", "image": data_url()}
        self.visit["signatures"].append(signed | {"signed_at": timezone.now().isoformat()} | changes)
        return self

    def save_again(self):
        self.visit["saved"] += 1
        return self

    def entries(self, raw: bytes | None = None) -> dict[str, bytes]:
        raw = json.dumps(self.visit).encode() if raw is None else raw
        mac = hmac.new(bytes.fromhex(self.kit["key"]), raw, "sha256").hexdigest()
        photos = {f"photos/{uid}.jpg": content for uid, content in self.pictures.items()}
        return {"visit.json": raw, "mac.txt": mac.encode()} | photos

    def zip(self, **changes: bytes) -> bytes:
        return zipped(self.entries() | {name.replace("__", "."): c for name, c in changes.items()})

    def send(self, content: bytes | None = None, by=None):
        return send(by or self.actor, self.zip() if content is None else content)


def zipped(entries: dict[str, bytes], compression=zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def send(actor, content: bytes):
    """The answer to an upload; `done` is what became of it, `error` why nothing did."""
    response = as_client(actor).post(IMPORT, {"file": SimpleUploadedFile("检查.zip", content)})
    context = response.context or {}
    response.done = context.get("done")
    response.error = "" if response.done else "".join(context["form"].errors.get("file", []))
    return response

"""The form field for photos: files uploaded beforehand (their ids) and, without JavaScript, files in the form."""

import uuid

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.urls import reverse

from files import intake
from files.models import StoredFile
from files.refusals import Refused
from institutions.models import User

MAX_FILES = 9


class EvidenceInput(forms.Widget):
    """Reads ids under the field's name and files under `<name>_files`."""

    needs_multipart_form = True
    use_fieldset = True

    def value_from_datadict(self, data, files, name):
        ids = data.getlist(name) if hasattr(data, "getlist") else data.get(name, [])
        uploads = files.getlist(f"{name}_files") if hasattr(files, "getlist") else []
        return ids, uploads

    def value_omitted_from_data(self, data, files, name):
        return name not in data and f"{name}_files" not in files


class EvidenceBoundField(BoundField):
    @property
    def evidence(self) -> dict:
        """Context of includes/evidence.html, with what has arrived already."""
        return {
            "stage": self.name,
            "name": self.html_name,
            "input_name": f"{self.html_name}_files",
            "label": self.label,
            "hint": self.help_text,
            "max": MAX_FILES,
            "errors": self.errors,
            "uploaded": [
                {
                    "id": file.pk,
                    "thumb": reverse("files:thumb", args=[file.pk]) if file.is_image else "",
                    "name": file.display_name,
                    "kind": file.kind,
                }
                for file in self.field.uploaded
            ],
        }


class EvidenceField(forms.Field):
    """Cleans to the ids of the person's own uploads. What arrived stays listed when the form has errors.

    `bind_to(user)` first: nobody can name another person's upload.
    """

    widget = EvidenceInput
    template_name = "forms/evidence_field.html"

    def __init__(self, **kwargs):
        super().__init__(template_name=self.template_name, **kwargs)
        self.user, self.uploaded = None, []

    def bind_to(self, user: User) -> None:
        self.user, self.uploaded = user, []

    def get_bound_field(self, form, field_name):
        return EvidenceBoundField(form, self, field_name)

    def clean(self, value) -> list[uuid.UUID]:
        ids, uploads = value or ([], [])
        self.uploaded, errors = self._known(ids), []
        if len(self.uploaded) < len(set(ids)):
            errors.append("有照片已被移除或已经用过，请重新上传。")
        for upload in uploads[:MAX_FILES]:
            try:
                self.uploaded.append(intake.receive(upload, by=self.user))
            except Refused as refused:
                errors.append(f"{upload.name}：{refused.message}")
        if len(self.uploaded) > MAX_FILES:
            errors.append(f"最多上传 {MAX_FILES} 个文件，请移除一些。")
        if self.required and not self.uploaded and not errors:
            errors.append("请至少上传一张照片。")
        if errors:
            raise ValidationError(errors)
        return [file.pk for file in self.uploaded]

    def _known(self, ids: list[str]) -> list[StoredFile]:
        wanted = []
        for given in ids:
            try:
                wanted.append(uuid.UUID(str(given)))
            except ValueError:
                continue
        found = {f.pk: f for f in StoredFile.objects.unattached_of(self.user).filter(pk__in=wanted)}
        return [found[pk] for pk in dict.fromkeys(wanted) if pk in found]

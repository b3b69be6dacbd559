"""Stands before Django's own upload handlers (setting FILE_UPLOAD_HANDLERS) and keeps too much off the disk."""

from io import BytesIO

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from files import limits


class SizeCapHandler(FileUploadHandler):
    """Lets at most 20 MB of a file, and 240 MB of a request, through to the handlers behind it.

    The rest is read and dropped, so that the other fields of the form arrive and the view can say what was wrong:
    it gets an empty file that says it is too large. Of somebody without a post nothing is let through at all.
    """

    def __init__(self, request=None):
        super().__init__(request)
        self._request_bytes = 0

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self._is_dropped = getattr(self.request, "actor", None) is None

    def receive_data_chunk(self, raw_data, start):
        self._request_bytes += len(raw_data)
        self._is_dropped = (
            self._is_dropped
            or start + len(raw_data) > limits.MAX_UPLOAD_BYTES
            or self._request_bytes > limits.MAX_REQUEST_BYTES
        )
        return None if self._is_dropped else raw_data

    def file_complete(self, file_size):
        if not self._is_dropped:
            return None
        size = max(file_size, limits.MAX_UPLOAD_BYTES + 1)
        return UploadedFile(BytesIO(), self.file_name, self.content_type, size)

"""How the files of a form are received (setting FILE_UPLOAD_HANDLERS): too much never reaches the disk."""

from io import BytesIO

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from files import limits


def takes(longest: int):
    """A view that receives files of up to `longest` bytes."""

    def decorate(view):
        view.longest_upload = longest
        return view

    return decorate


class CappedUploadHandler(TemporaryFileUploadHandler):
    """Receives at most 20 MB of a file (or what its view `takes`), and 240 MB of a request, into temporary files.

    What is too large is read and dropped, so that the other fields of the form arrive and the view can say what was
    wrong: it gets an empty file that says it is too large. Of somebody without a post nothing is written at all.
    """

    def __init__(self, request=None):
        super().__init__(request)
        self._request_bytes = 0

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self._is_dropped = False
        view = getattr(self.request.resolver_match, "func", None)
        self._longest = getattr(view, "longest_upload", limits.MAX_UPLOAD_BYTES)
        if getattr(self.request, "actor", None) is None:
            self._drop()

    def receive_data_chunk(self, raw_data, start):
        self._request_bytes += len(raw_data)
        end = start + len(raw_data)
        most = max(limits.MAX_REQUEST_BYTES, self._longest)
        if end > self._longest or self._request_bytes > most:
            self._drop()
        if not self._is_dropped:
            super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size):
        if not self._is_dropped:
            return super().file_complete(file_size)
        size = max(file_size, self._longest + 1)
        return UploadedFile(BytesIO(), self.file_name, self.content_type, size)

    def _drop(self) -> None:
        """Close and so delete the temporary file; nothing more is written."""
        if not self._is_dropped:
            self._is_dropped = True
            self.file.close()

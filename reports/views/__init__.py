from .exports import cancel, export, export_file, exports, new_export
from .pages import ledger, search
from .saved import change_filter, filters, keep_filter, open_filter

__all__ = [
    "cancel",
    "change_filter",
    "export",
    "export_file",
    "exports",
    "filters",
    "keep_filter",
    "ledger",
    "new_export",
    "open_filter",
    "search",
]

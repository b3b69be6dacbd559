from .bulk import bulk_act, bulk_result
from .columns import columns
from .exports import cancel, export, export_file, exports, new_export
from .lists import four_list
from .pages import ledger, search, suggest
from .saved import change_filter, filters, keep_filter, open_filter

__all__ = [
    "bulk_act",
    "bulk_result",
    "cancel",
    "change_filter",
    "columns",
    "export",
    "export_file",
    "exports",
    "filters",
    "four_list",
    "keep_filter",
    "ledger",
    "new_export",
    "open_filter",
    "search",
    "suggest",
]

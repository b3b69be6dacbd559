from .kept import (
    PENDING,
    ExportAct,
    ExportEvent,
    ExportJob,
    FilterAlert,
    FilterMatch,
    Format,
    SavedFilter,
)
from .summary import (
    FOLD_LOCK,
    KIND_LOCK,
    Axis,
    ClearanceTarget,
    Facet,
    PlaceLevel,
    SummaryCell,
    SummaryDelta,
)

__all__ = [
    "FOLD_LOCK",
    "KIND_LOCK",
    "PENDING",
    "Axis",
    "ClearanceTarget",
    "ExportAct",
    "ExportEvent",
    "ExportJob",
    "Facet",
    "FilterAlert",
    "FilterMatch",
    "Format",
    "PlaceLevel",
    "SavedFilter",
    "SummaryCell",
    "SummaryDelta",
]

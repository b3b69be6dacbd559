from .institution import Institution, Licence, ResponsiblePerson
from .people import Membership, MembershipEvent, User
from .reading import Reading
from .records import ImportDraft, InstitutionEvent
from .region import Authority, Region
from .safety import Drill, Pledge

__all__ = [
    "Authority",
    "Drill",
    "ImportDraft",
    "Institution",
    "InstitutionEvent",
    "Licence",
    "Membership",
    "MembershipEvent",
    "Pledge",
    "Reading",
    "Region",
    "ResponsiblePerson",
    "User",
]

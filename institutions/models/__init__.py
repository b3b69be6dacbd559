from .institution import Institution, Licence, ResponsiblePerson
from .people import Membership, MembershipEvent, User
from .reading import Reading
from .records import ImportDraft, InstitutionEvent
from .region import Authority, Region

__all__ = [
    "Authority",
    "ImportDraft",
    "Institution",
    "InstitutionEvent",
    "Licence",
    "Membership",
    "MembershipEvent",
    "Reading",
    "Region",
    "ResponsiblePerson",
    "User",
]

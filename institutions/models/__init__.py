from .institution import Institution, Licence, ResponsiblePerson
from .people import Membership, MembershipEvent, User
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
    "Region",
    "ResponsiblePerson",
    "User",
]

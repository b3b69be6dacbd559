from .institution import Institution, Licence, ResponsiblePerson
from .people import Membership, MembershipEvent, User
from .region import Authority, Region

__all__ = [
    "Authority",
    "Institution",
    "Licence",
    "Membership",
    "MembershipEvent",
    "Region",
    "ResponsiblePerson",
    "User",
]

"""What every page knows: who acts, where they can go, what they must be told."""


def house(request):
    """Context of base.html."""
    return {"actor": getattr(request, "actor", None), "posts": getattr(request, "posts", [])}

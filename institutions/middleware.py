"""Session limits, and who acts in this request."""

import time

from django.conf import settings
from django.contrib.auth import logout
from django.utils.deprecation import MiddlewareMixin

from institutions.actor import Actor

TOUCH_EVERY_SECONDS = 60


class SessionLimitsMiddleware(MiddlewareMixin):
    """Ends a session that idled too long, lived too long, or was ended by a change of role or password."""

    def process_request(self, request):
        if not request.user.is_authenticated:
            return
        session, now = request.session, int(time.time())
        started, seen = session.get("started_at", now), session.get("seen_at", now)
        if (
            now - seen > settings.SESSION_IDLE_SECONDS
            or now - started > settings.SESSION_ABSOLUTE_SECONDS
            or session.get("epoch", request.user.session_epoch) != request.user.session_epoch
        ):
            logout(request)
        elif request.path in settings.SESSION_BACKGROUND_PATHS:
            return
        elif "seen_at" not in session or now - seen >= TOUCH_EVERY_SECONDS:
            session["started_at"], session["seen_at"] = started, now
            session["epoch"] = request.user.session_epoch


class ActorMiddleware(MiddlewareMixin):
    """Sets `request.actor` (None without a post) and `request.posts`, read from the database at each request (with the
    user: institutions.backends).

    What somebody logged in sees is kept by no shared cache, and asked for again before it is shown from one's own.
    """

    def process_request(self, request):
        request.actor, request.posts = None, []
        if not request.user.is_authenticated:
            return
        request.posts = request.user.posts
        chosen = request.session.get("membership")
        membership = next((m for m in request.posts if m.pk == chosen), next(iter(request.posts), None))
        if membership:
            membership.user = request.user
            request.actor = Actor(request.user, membership)

    def process_response(self, request, response):
        if request.user.is_authenticated and "Cache-Control" not in response:
            response["Cache-Control"] = "private, no-cache"
        return response

"""Who is logged in, read from the database at each request together with the posts they hold: one statement."""

from django.contrib.auth.backends import ModelBackend

from institutions.models import Membership, User


class PersonBackend(ModelBackend):
    """Django's own, but that the person comes with their posts. What is closed or revoked holds from the next request."""

    def get_user(self, user_id) -> User | None:
        """The active user, with `posts`; who holds none costs a second statement."""
        posts = Membership.objects.held_by(user_id)
        user = posts[0].user if posts else super().get_user(user_id)
        if user:
            user.posts = posts
        return user

"""Refusals of the identity slice; the codes are public."""

from typing import ClassVar

from core.shared.errors import Conflict, NotFound, Unauthenticated


class SignInFailed(Unauthenticated):
    """The e-mail address and the password don't fit together; which is wrong is not said."""

    code = "sign_in_failed"
    title = "The e-mail address or the password is wrong"
    TEXT: ClassVar[str] = "The e-mail address or the password is wrong."


class LinkNotValid(NotFound):
    """The link was used, has expired, was withdrawn or never was; which is not said."""

    code = "link_not_valid"
    title = "This link is no longer valid"
    TEXT: ClassVar[str] = (
        "This link was used before, has expired or was withdrawn. Ask for a new one."
    )


class LastAdmin(Conflict):
    """A workspace must keep one active admin."""

    code = "last_admin"
    title = "This is the last admin"


class AlreadyMember(Conflict):
    """The invited person is in the team."""

    code = "already_member"
    title = "This person is a member already"

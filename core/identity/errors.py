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


class CodeNotRight(Unauthenticated):
    """The link was opened in another browser, and the code isn't the one that was shown."""

    code = "sign_in_code_wrong"
    title = "The code is not right"
    TEXT: ClassVar[str] = "Type the code that you see where you asked for the link: six digits."


class NobodyMails(Conflict):
    """No plugin that sends e-mail is enabled, so that no link can be mailed."""

    code = "no_mail"
    title = "Nothing sends mail here"
    TEXT: ClassVar[str] = (
        "No plugin that sends e-mail is enabled in this workspace. Sign in with your password."
    )


class LastAdmin(Conflict):
    """A workspace must keep one active admin."""

    code = "last_admin"
    title = "This is the last admin"


class AlreadyMember(Conflict):
    """The invited person is in the team."""

    code = "already_member"
    title = "This person is a member already"

"""What can be wrong with a request about messages."""

from core.shared.errors import Conflict, NotFound


class MessageNotFound(NotFound):
    """There is no such message."""

    code = "message_not_found"
    title = "No such message"
    TEXT = "There is no such message."


class MessageUnderWay(Conflict):
    """The message was sent or is about to be; sending it again would send it twice."""

    code = "message_under_way"
    title = "The message is under way"


class NoMessaging(Conflict):
    """No plugin that sends messages is enabled."""

    code = "no_messaging"
    title = "Nothing sends messages"
    TEXT = "No plugin that sends e-mail is enabled. Enable one, for example SMTP, and try again."


class AddressSuppressed(Conflict):
    """The address isn't written to: mail to it came back, or its owner complained."""

    code = "address_suppressed"
    title = "This address isn't written to"


class SuppressionNotFound(NotFound):
    """There is no such entry."""

    code = "suppression_not_found"
    title = "No such entry"
    TEXT = "There is no such entry of the list of addresses that aren't written to."


class ReplyNotFound(NotFound):
    """There is no such reply."""

    code = "reply_not_found"
    title = "No such reply"
    TEXT = "There is no such reply."


class ReplyMatched(Conflict):
    """It is known already what the reply answers."""

    code = "reply_matched"
    title = "The reply has its place"
    TEXT = "It is known already whose reply this is."


class NothingUnknown(Conflict):
    """What became of the message is known."""

    code = "message_outcome_known"
    title = "It is known what became of the message"


class NothingToDo(Conflict):
    """The message neither failed nor is its fate unknown."""

    code = "message_needs_nothing"
    title = "Nothing is to be done about the message"

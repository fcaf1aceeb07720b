"""Phone numbers, read with Google's libphonenumber."""

from typing import Final

import phonenumbers

_NO_NUMBER: Final = (
    "This is not a phone number. Write it with its country code, like +49 30 1234567."
)


class LibPhoneNumbers:
    """Implements `core.candidates.model.PhoneNumbers` for one country."""

    def __init__(self, locale: str) -> None:
        """Take the country from a BCP 47 tag such as `de-DE`; without one, `+` is required."""
        regions = [part for part in locale.split("-")[1:] if len(part) == 2 and part.isalpha()]
        self._region = regions[0].upper() if regions else None

    def to_e164(self, text: str) -> str:
        """Return the number in the form E.164. Raises ValueError when no such number can exist.

        An extension is left out: E.164 has none.
        """
        try:
            number = phonenumbers.parse(text, self._region)
        except phonenumbers.NumberParseException as error:
            raise ValueError(_NO_NUMBER) from error
        if not phonenumbers.is_possible_number(number):
            raise ValueError(_NO_NUMBER)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

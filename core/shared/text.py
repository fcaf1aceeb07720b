"""Which characters text from outside may hold; slices put these patterns on their input types.

Control characters can't be stored (NUL) or break what the text is later shown in.
"""

from typing import Final

LINE: Final = r"^[^\x00-\x1f\x7f]*$"
"""One line: no control character at all."""

TEXT: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
"""Any text: of the control characters only tabulator and line ends."""

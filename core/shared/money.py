"""Money as integers of minor units, so that no sum is ever rounded."""

from typing import Annotated, NewType

import msgspec

Cents = NewType("Cents", int)
"""An amount in the minor unit of its currency (cent, penny, yen)."""

CurrencyCode = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", examples=["EUR"])]
"""An ISO 4217 code."""

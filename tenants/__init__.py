"""Which tenant is this, what may it use, which adapter serves each port for it.

The only composition root; it holds no business rules.
"""

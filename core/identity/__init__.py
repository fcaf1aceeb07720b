"""People: accounts, members of tenants, and the credentials they come with."""

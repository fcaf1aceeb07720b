"""Messages kept in a mailbox on this server, to be read on a page and over the API."""

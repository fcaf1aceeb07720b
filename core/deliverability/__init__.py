"""Whether mail from a tenant's domains is believed: SPF, DKIM, DMARC and how they fit."""

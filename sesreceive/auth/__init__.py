"""SPF, DKIM and DMARC: each a function of the message, the envelope and DNS to a result with a reason."""

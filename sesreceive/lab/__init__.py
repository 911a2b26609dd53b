"""Making mail to try: composed, signed, tampered with, sent without a network; and the DNS records beside it."""

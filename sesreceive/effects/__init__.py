"""What actions cause: the effects as values, the bytes SES writes, and the backends that perform them."""

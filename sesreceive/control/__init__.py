"""The control plane: the operations of the SES API over a receiver, one account in each region."""

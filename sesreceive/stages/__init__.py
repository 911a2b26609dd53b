"""The steps of Amazon SES e-mail receiving, in the order mail meets them.

1. `filtering`: the sender's IP address against Allow filters, Block filters and provider lists;
   `sender`: the address in MAIL FROM, and the size the client declares;
2. `recipients`: each recipient against verified identities and the active receipt rule set;
   `body`: at the end of the data, whether the message is taken; `transaction` holds what was decided up to there;
3. `authentication` (SPF, DKIM, DMARC) and `scanning` (spam, virus);
4. `evaluation`: every matching rule's actions, in order.

Each is a function of values to a value that carries its own events; only `evaluation` touches the world, and
only through the `perform` it is given.
"""
